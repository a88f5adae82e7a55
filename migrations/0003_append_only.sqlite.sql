CREATE TRIGGER event_no_update BEFORE UPDATE ON event BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER event_no_delete BEFORE DELETE ON event BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER machine_no_update BEFORE UPDATE ON machine BEGIN SELECT RAISE(ABORT, 'deployed versions are append-only'); END;
CREATE TRIGGER machine_no_delete BEFORE DELETE ON machine BEGIN SELECT RAISE(ABORT, 'deployed versions are append-only'); END;
CREATE TRIGGER head_no_update BEFORE UPDATE ON head BEGIN SELECT RAISE(ABORT, 'heads are append-only'); END;
CREATE TRIGGER head_no_delete BEFORE DELETE ON head BEGIN SELECT RAISE(ABORT, 'heads are append-only'); END;
