/* The two models, written by hand: what an event loop costs when nothing is general.
 *
 * Ends of service wait in a binary heap, visits wait in a ring per station, and arrivals come
 * from their sorted array.  The constants are those of models.py, passed in by hand_written.py.
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* GATEWAY and SERVICE are stages and also station numbers, as is SQL; shards follow SQL. */
enum { GATEWAY, SERVICE, SQL, READ, WRITE };
enum { FIRST_SHARD = 3 };

typedef struct {
    int32_t request;
    int16_t stage;
    int16_t station;
} Visit;

typedef struct {
    double at_s;
    Visit visit;
} End;

typedef struct {
    double work_s;
    Visit visit;
} Waiting;

typedef struct {
    int64_t idle;
    Waiting *ring;
    int64_t first, count, size; /* the size is a power of two */
} Station;

typedef struct {
    int64_t station_count;
    Station *stations;
    int64_t end_count; /* never more than there are servers */
    End *ends;
} World;

static void *allocated(size_t count, size_t bytes)
{
    void *memory = calloc(count, bytes);
    if (memory == NULL) {
        perror("hand_written.c");
        abort();
    }
    return memory;
}

static World world_of(const int64_t *servers, int64_t shard_count)
{
    World world = {.station_count = FIRST_SHARD + shard_count};
    int64_t server_count = 0;
    world.stations = allocated(world.station_count, sizeof(Station));
    for (int64_t number = 0; number < world.station_count; number++) {
        Station *station = &world.stations[number];
        station->idle = number < FIRST_SHARD ? servers[number] : 1;
        station->size = 64;
        station->ring = allocated(station->size, sizeof(Waiting));
        server_count += station->idle;
    }
    world.ends = allocated(server_count, sizeof(End));
    return world;
}

static void forget(World *world)
{
    for (int64_t number = 0; number < world->station_count; number++)
        free(world->stations[number].ring);
    free(world->stations);
    free(world->ends);
}

static void push(World *world, End end)
{
    End *ends = world->ends;
    int64_t hole = world->end_count++;
    while (hole > 0) {
        int64_t parent = (hole - 1) / 2;
        if (ends[parent].at_s <= end.at_s)
            break;
        ends[hole] = ends[parent];
        hole = parent;
    }
    ends[hole] = end;
}

static End pop(World *world)
{
    End *ends = world->ends;
    End earliest = ends[0], last = ends[--world->end_count];
    int64_t hole = 0, child;
    while ((child = 2 * hole + 1) < world->end_count) {
        if (child + 1 < world->end_count && ends[child + 1].at_s < ends[child].at_s)
            child++;
        if (last.at_s <= ends[child].at_s)
            break;
        ends[hole] = ends[child];
        hole = child;
    }
    ends[hole] = last;
    return earliest;
}

static void grow(Station *station)
{
    Waiting *ring = allocated(2 * station->size, sizeof(Waiting));
    for (int64_t place = 0; place < station->count; place++)
        ring[place] = station->ring[(station->first + place) & (station->size - 1)];
    free(station->ring);
    station->ring = ring;
    station->first = 0;
    station->size *= 2;
}

static void arrive(World *world, double now_s, Visit visit, double work_s)
{
    Station *station = &world->stations[visit.station];
    if (station->idle > 0) {
        station->idle--;
        push(world, (End){now_s + work_s, visit});
        return;
    }
    if (station->count == station->size)
        grow(station);
    station->ring[(station->first + station->count++) & (station->size - 1)] =
        (Waiting){work_s, visit};
}

static void leave(World *world, double now_s, int16_t number)
{
    Station *station = &world->stations[number];
    if (station->count == 0) {
        station->idle++;
        return;
    }
    Waiting next = station->ring[station->first];
    station->first = (station->first + 1) & (station->size - 1);
    station->count--;
    push(world, (End){now_s + next.work_s, next.visit});
}

void run_tandem(const int64_t *servers, int64_t shard_count, int64_t count,
                const double *arrivals_s, const double *gateway_works_s,
                const double *service_works_s, const int32_t *shards, const double *shard_works_s,
                double *latencies_s)
{
    World world = world_of(servers, shard_count);
    int64_t arrived = 0;
    while (arrived < count || world.end_count > 0) {
        if (arrived < count
            && (world.end_count == 0 || arrivals_s[arrived] < world.ends[0].at_s)) {
            Visit visit = {(int32_t)arrived, GATEWAY, GATEWAY};
            arrive(&world, arrivals_s[arrived], visit, gateway_works_s[arrived]);
            arrived++;
            continue;
        }
        End end = pop(&world);
        int32_t request = end.visit.request;
        leave(&world, end.at_s, end.visit.station);
        if (end.visit.stage == GATEWAY) {
            Visit visit = {request, SERVICE, SERVICE};
            arrive(&world, end.at_s, visit, service_works_s[request]);
        } else if (end.visit.stage == SERVICE) {
            Visit visit = {request, READ, (int16_t)(FIRST_SHARD + shards[request])};
            arrive(&world, end.at_s, visit, shard_works_s[request]);
        } else {
            latencies_s[request] = end.at_s - arrivals_s[request];
        }
    }
    forget(&world);
}

typedef struct {
    int64_t fork_width;
    const double *arrivals_s, *gateway_works_s, *service_works_s;
    const uint8_t *are_posts;
    const int32_t *read_shards;
    const double *read_works_s, *sql_works_s;
    const int64_t *write_bounds;
    const int32_t *write_shards;
    const double *write_works_s;
} Fates;

static void fork_reads(World *world, double now_s, int32_t request, const Fates *fates)
{
    for (int64_t part = 0; part < fates->fork_width; part++) {
        int64_t read = request * fates->fork_width + part;
        Visit visit = {request, READ, (int16_t)(FIRST_SHARD + fates->read_shards[read])};
        arrive(world, now_s, visit, fates->read_works_s[read]);
    }
}

static void copy_post(World *world, double now_s, int32_t request, const Fates *fates)
{
    for (int64_t write = fates->write_bounds[request]; write < fates->write_bounds[request + 1];
         write++) {
        Visit visit = {request, WRITE, (int16_t)(FIRST_SHARD + fates->write_shards[write])};
        arrive(world, now_s, visit, fates->write_works_s[write]);
    }
}

/* `lags_s` has an entry for every request; that of a post holds the instant of its answer while
 * its writes run. */
static void move_on(World *world, End end, const Fates *fates, int32_t *left, double *latencies_s,
                    double *lags_s)
{
    double now_s = end.at_s;
    int32_t request = end.visit.request;
    switch (end.visit.stage) {
    case GATEWAY:
        arrive(world, now_s, (Visit){request, SERVICE, SERVICE}, fates->service_works_s[request]);
        break;
    case SERVICE:
        if (fates->are_posts[request]) {
            arrive(world, now_s, (Visit){request, SQL, SQL}, fates->sql_works_s[request]);
        } else {
            left[request] = (int32_t)fates->fork_width;
            fork_reads(world, now_s, request, fates);
        }
        break;
    case SQL:
        latencies_s[request] = now_s - fates->arrivals_s[request];
        lags_s[request] = now_s;
        left[request] =
            (int32_t)(fates->write_bounds[request + 1] - fates->write_bounds[request]);
        copy_post(world, now_s, request, fates);
        break;
    case READ:
        if (--left[request] == 0)
            latencies_s[request] = now_s - fates->arrivals_s[request];
        break;
    case WRITE:
        if (--left[request] == 0)
            lags_s[request] = now_s - lags_s[request];
        break;
    }
}

void run_fanout(const int64_t *servers, int64_t shard_count, int64_t count, const Fates *fates,
                double *latencies_s, double *lags_s)
{
    World world = world_of(servers, shard_count);
    const double *arrivals_s = fates->arrivals_s;
    int32_t *left = allocated(count + 1, sizeof(int32_t));
    int64_t arrived = 0;
    while (arrived < count || world.end_count > 0) {
        if (arrived < count
            && (world.end_count == 0 || arrivals_s[arrived] < world.ends[0].at_s)) {
            Visit visit = {(int32_t)arrived, GATEWAY, GATEWAY};
            arrive(&world, arrivals_s[arrived], visit, fates->gateway_works_s[arrived]);
            arrived++;
            continue;
        }
        End end = pop(&world);
        leave(&world, end.at_s, end.visit.station);
        move_on(&world, end, fates, left, latencies_s, lags_s);
    }
    free(left);
    forget(&world);
}
