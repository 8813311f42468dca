drop function forget_node, bus_subscribe, bus_take, bus_publish, take_over_again;
drop table bus_message, bus_subscription, node;
