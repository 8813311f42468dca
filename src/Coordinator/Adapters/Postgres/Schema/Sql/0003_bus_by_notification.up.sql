-- Messages travel in the notifications themselves: a table that is filled and emptied all the time made a migration cost 2.6 times as much, most of it for walking over
-- rows that are dead already. One notification carries as many as fit in its 8,000 bytes, a line each: address, tabulator, body. What is too long for that
-- goes by the table, and an empty notification wakes its reader. A receiver that stands still fills the server's queue, which all share: then they are lost.
drop function bus_publish;
create function bus_publish(sender text, addresses text[], bodies text[], most int) returns bigint language sql as $$
  with long as (
    insert into bus_message(node, address, body)
      select s.node, m.address, m.body from unnest(addresses, bodies) with ordinality m(address, body, n) join bus_subscription s on s.address = m.address
       where s.node <> sender and octet_length(m.body) > 3500 and (select count(*) from (select from bus_message limit most) w) < most
       order by m.n
      returning node)
  select count(pg_notify('lm_bus_' || hashtext(node), '')) from (select distinct node from long) l;

  with line as (
    select s.node, m.n, m.address || E'\t' || m.body as text from unnest(addresses, bodies) with ordinality m(address, body, n) join bus_subscription s on s.address = m.address
     where s.node <> sender and octet_length(m.body) <= 3500 and pg_notification_queue_usage() < 0.5),
  place as (select node, n, text, div(sum(octet_length(text) + 1) over (partition by node order by n), 4000) as part from line),
  part as (select node, string_agg(text, E'\n' order by n) as payload from place group by node, part)
  select count(pg_notify('lm_bus_' || hashtext(node), payload)) from part
$$;
