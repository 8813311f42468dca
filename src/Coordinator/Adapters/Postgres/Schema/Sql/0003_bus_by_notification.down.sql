drop function bus_publish;
create function bus_publish(sender text, addresses text[], bodies text[], most int) returns bigint language sql as $$
  with sent as (
    insert into bus_message(node, address, body)
      select s.node, m.address, m.body from unnest(addresses, bodies) with ordinality m(address, body, n)
        join bus_subscription s on s.address = m.address where s.node <> sender and (select count(*) from (select from bus_message w where w.node = s.node limit most) w) < most
       order by m.n
      returning node)
  select count(pg_notify('lm_bus_' || hashtext(node), '')) from (select distinct node from sent) d
$$;
