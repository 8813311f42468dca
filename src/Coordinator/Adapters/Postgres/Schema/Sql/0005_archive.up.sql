-- Events are never deleted, and changed in one way only: what a closed stream's events say may be taken out once it is in an archive (coordinator archive).
-- Their places stay, so positions and sequence numbers still follow each other without a gap.
drop trigger event_is_for_ever on event;
create trigger event_is_for_ever before delete or truncate on event for each statement execute function refuse_change();
create function refuse_all_but_archiving() returns trigger language plpgsql as $$
begin
  if new.type = 'Archived' and (new.pos, new.shard, new.seq, new.stream, new.ver, new.term, new.at) = (old.pos, old.shard, old.seq, old.stream, old.ver, old.term, old.at)
    and exists (select from stream s where s.id = old.stream and s.closed) then
    return new;
  end if;
  raise exception 'events are never changed or deleted' using errcode = 'LM004';
end $$;
create trigger event_changes_for_archives before update on event for each row execute function refuse_all_but_archiving();
