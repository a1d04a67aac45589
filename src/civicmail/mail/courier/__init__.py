"""Outstanding recipients, attempts, next hops, delivery reports. The only room that delivers."""
