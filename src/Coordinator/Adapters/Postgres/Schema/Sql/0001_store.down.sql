drop function append;
drop function take_over;
drop view history;
drop table projection, idempotency, event, snapshot, stream, feed, shard, meta;
drop function refuse_change;
