cat <<'END' >&2
Unhandled exception. System.AggregateException: Some services are not able to be constructed
 ---> System.InvalidOperationException: Unable to resolve service for type 'Shop.IOrders' while attempting to activate 'Shop.OrderWorker'.
END
kill -ABRT $$
