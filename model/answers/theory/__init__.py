"""What queueing theory knows: the rulers that engines are held against.

Exact unless the name says limit, approximation or bounds; what comes from a truncated chain
brings its truncation error along.  All arrivals are Poisson.  Rates are per second, times in
seconds, `p` is a probability in (0, 1).  Every formula raises ValueError where there is no steady
state.  One room for each kind of queue; `inversion` turns transforms into quantiles.
"""

from __future__ import annotations

from model.answers.theory.batches import Batches, batch_response_mean_s, batch_response_quantile_s
from model.answers.theory.breakdowns import (
    Breakdowns,
    breakdown_response_mean_s,
    breakdown_response_quantile_s,
)
from model.answers.theory.caches import lru_hit_ratio, lru_hit_ratio_approximation, ttl_hit_ratio
from model.answers.theory.choices import choices_response_limit_s
from model.answers.theory.closed_networks import ClosedNetworkMeans, ClosedStation, closed_network
from model.answers.theory.constant_work import (
    md1_response_mean_s,
    md1_response_quantile_s,
    md1_wait_mean_s,
    md1_wait_quantile_s,
)
from model.answers.theory.finite_rooms import (
    FiniteRoom,
    blocking_probability,
    finite_room_response_mean_s,
    finite_room_response_quantile_s,
    finite_room_wait_mean_s,
    finite_room_wait_quantile_s,
)
from model.answers.theory.forks import (
    fork_join_of_two_response_mean_s,
    fork_join_response_approximation_s,
    fork_join_response_bounds_s,
)
from model.answers.theory.general_work import (
    mg1_ps_response_mean_s,
    mg1_response_mean_s,
    mg1_response_quantile_s,
    mg1_wait_mean_s,
    mg1_wait_quantile_s,
)
from model.answers.theory.impatience import (
    ImpatientQueue,
    abandonment_probability,
    served_response_mean_s,
    served_response_quantile_s,
    served_wait_mean_s,
    served_wait_quantile_s,
)
from model.answers.theory.many_servers import (
    erlang_c,
    mmc_response_mean_s,
    mmc_response_quantile_s,
    mmc_wait_mean_s,
    mmc_wait_quantile_s,
)
from model.answers.theory.open_networks import OpenNetworkMeans, OpenStation, open_network
from model.answers.theory.operational import number_present, utilisation
from model.answers.theory.priorities import (
    Load,
    preemptive_response_means_s,
    preemptive_response_quantiles_s,
    priority_response_means_s,
    priority_response_quantiles_s,
    priority_wait_means_s,
    priority_wait_quantiles_s,
)
from model.answers.theory.services import (
    Service,
    erlang_service,
    hyperexponential_service,
    service_of,
)
from model.answers.theory.shortest_queue import (
    Truncated,
    shortest_queue_response_mean_s,
    shortest_queue_response_quantile_s,
)
from model.answers.theory.tandems import (
    tandem_of_unequal_response_quantile_s,
    tandem_response_mean_s,
    tandem_response_quantile_s,
)

__all__ = [
    "Batches",
    "Breakdowns",
    "ClosedNetworkMeans",
    "ClosedStation",
    "FiniteRoom",
    "ImpatientQueue",
    "Load",
    "OpenNetworkMeans",
    "OpenStation",
    "Service",
    "Truncated",
    "abandonment_probability",
    "batch_response_mean_s",
    "batch_response_quantile_s",
    "blocking_probability",
    "breakdown_response_mean_s",
    "breakdown_response_quantile_s",
    "choices_response_limit_s",
    "closed_network",
    "erlang_c",
    "erlang_service",
    "finite_room_response_mean_s",
    "finite_room_response_quantile_s",
    "finite_room_wait_mean_s",
    "finite_room_wait_quantile_s",
    "fork_join_of_two_response_mean_s",
    "fork_join_response_approximation_s",
    "fork_join_response_bounds_s",
    "hyperexponential_service",
    "lru_hit_ratio",
    "lru_hit_ratio_approximation",
    "md1_response_mean_s",
    "md1_response_quantile_s",
    "md1_wait_mean_s",
    "md1_wait_quantile_s",
    "mg1_ps_response_mean_s",
    "mg1_response_mean_s",
    "mg1_response_quantile_s",
    "mg1_wait_mean_s",
    "mg1_wait_quantile_s",
    "mmc_response_mean_s",
    "mmc_response_quantile_s",
    "mmc_wait_mean_s",
    "mmc_wait_quantile_s",
    "number_present",
    "open_network",
    "preemptive_response_means_s",
    "preemptive_response_quantiles_s",
    "priority_response_means_s",
    "priority_response_quantiles_s",
    "priority_wait_means_s",
    "priority_wait_quantiles_s",
    "served_response_mean_s",
    "served_response_quantile_s",
    "served_wait_mean_s",
    "served_wait_quantile_s",
    "service_of",
    "shortest_queue_response_mean_s",
    "shortest_queue_response_quantile_s",
    "tandem_of_unequal_response_quantile_s",
    "tandem_response_mean_s",
    "tandem_response_quantile_s",
    "ttl_hit_ratio",
    "utilisation",
]
