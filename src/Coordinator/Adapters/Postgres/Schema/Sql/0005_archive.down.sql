drop trigger event_changes_for_archives on event;
drop function refuse_all_but_archiving;
drop trigger event_is_for_ever on event;
create trigger event_is_for_ever before update or delete or truncate on event for each statement execute function refuse_change();
