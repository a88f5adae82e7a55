-- Two roles: the owner makes and migrates tables (`chancery migrate` with database.owner_url), the server may read and
-- add, and change everything but what is append-only. Run once, as a superuser, connected to the new database:
--   createdb chancery && psql chancery -v ON_ERROR_STOP=1 -f postgres-roles.sql
-- then set passwords (\password chancery_owner, \password chancery), run `chancery migrate`, and run this file again: the
-- second run takes back what the defaults give on the append-only tables. Running it at any time is harmless.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'chancery_owner') THEN
        CREATE ROLE chancery_owner LOGIN;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'chancery') THEN
        CREATE ROLE chancery LOGIN;
    END IF;
END $$;

GRANT USAGE, CREATE ON SCHEMA public TO chancery_owner;
GRANT USAGE ON SCHEMA public TO chancery;
ALTER DEFAULT PRIVILEGES FOR ROLE chancery_owner IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO chancery;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO chancery;

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['event', 'machine', 'head'] LOOP
        IF to_regclass('public.' || name) IS NOT NULL THEN
            EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON public.%I FROM chancery', name);
        END IF;
    END LOOP;
END $$;
