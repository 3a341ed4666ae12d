"""What things cost an hour, so far, and a month, in US dollars as Decimal; None is "not known".

Counted are the instance by the second while it runs (at least 60 s a start), its volumes by the GiB and month with
their provisioned IOPS and MiB/s, also while it is stopped, and $0.005 an hour for a public IPv4 address. Not counted
are traffic and CPU credits; for snapshots only the most that they can cost is known. Source: the EC2, EBS and VPC price
pages. The past keeps its prices: usage is written with its price when it is seen, and spot prices of the past come from
the spot price history.

``rates`` is what things cost now. ``usage`` turns the usage in a fleet into charges, ``spot_usage`` those of spot
instances. ``account`` adds all charges up: begin reading there. ``alerts`` finds instances that run for long or cost
much, ``unknown`` says in sentences what is not counted.
"""
