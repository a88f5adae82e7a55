-- Two roles: the owner makes and migrates tables (`chancery migrate`, database.owner_url_file), the server does its daily
-- work (database.url_file). Run once, as a superuser:
--   createdb chancery
--   psql chancery -v ON_ERROR_STOP=1 -f postgres-roles.sql
-- then give both a password (\password chancery_owner, \password chancery). What the server may do with each table is said by
-- `chancery migrate` itself, after every change of the schema (database.server_role = "chancery").
CREATE ROLE chancery_owner LOGIN;
CREATE ROLE chancery LOGIN;
GRANT USAGE, CREATE ON SCHEMA public TO chancery_owner;
GRANT USAGE ON SCHEMA public TO chancery;
