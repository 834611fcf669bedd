/* SPDX-License-Identifier: MIT */
#include "worker/crew.h"

#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* A bounded queue of tasks. */
struct queue {
    struct fr_crew_task *tasks;
    uint32_t first, count;
};

struct member {
    pthread_t thread;
    struct fr_crew *crew;
    struct fr_compute *compute; /* of job_seq; the member's own */
    uint32_t job_seq;
    struct fr_usage usage; /* under lock: after its last task */
    bool waiting;          /* under lock */
    uint64_t waiting_from_ns;
};

struct fr_crew {
    struct fr_crew_args args;
    pthread_mutex_t lock;
    pthread_cond_t work;     /* something to do, or quit */
    struct queue todo, done; /* under lock */
    struct fr_job job;       /* under lock */
    uint32_t job_seq;        /* under lock */
    bool quit;               /* under lock */
    uint64_t starved_ns;     /* under lock: waits that are over */
    uint32_t started;        /* members with a thread */
    struct member members[];
};

static void push(struct fr_crew *crew, struct queue *queue, const struct fr_crew_task *task)
{
    queue->tasks[(queue->first + queue->count++) % crew->args.capacity] = *task;
}

static void pop(struct fr_crew *crew, struct queue *queue, struct fr_crew_task *task_p)
{
    *task_p = queue->tasks[queue->first];
    queue->first = (queue->first + 1) % crew->args.capacity;
    queue->count--;
}

/* Outside the lock: everything here is the member's own, and the task's. */
static void compute(struct member *member, const struct fr_job *job, uint32_t job_seq,
                    struct fr_crew_task *task)
{
    if (member->job_seq != job_seq) {
        struct fr_error err = {0};
        fr_compute_free(member->compute);
        member->compute = NULL;
        if (fr_compute_new(job, member->crew->args.kernel, &member->compute, &err) != FR_OK) {
            fr_error_log(&err);
            return; /* comes back undone */
        }
        member->job_seq = job_seq;
    }
    uint64_t start_ns = fr_now_ns();
    uint8_t *message = task->msg->data;
    size_t head = fr_wire_result_head_bytes(task->assign.job, task->payload_len);
    fr_compute_band(member->compute, task->assign.first_row, task->assign.rows, message + head);
    task->compute_ns = fr_now_ns() - start_ns;
    struct fr_result result = {.job = task->assign.job,
                               .lease = task->assign.lease,
                               .first_row = task->assign.first_row,
                               .rows = task->assign.rows,
                               .queue_ns = start_ns - task->arrived_ns,
                               .compute_ns = task->compute_ns,
                               .payload_len = task->payload_len};
    fr_wire_result_put_head(&result, message);
    task->msg->len = head + task->payload_len;
    task->done = true;
}

/* Under the lock. */
static void await_work(struct member *member)
{
    struct fr_crew *crew = member->crew;
    while (!crew->quit && crew->todo.count == 0) {
        member->waiting = true;
        member->waiting_from_ns = fr_now_ns();
        pthread_cond_wait(&crew->work, &crew->lock);
        if (crew->job_seq > 0)
            crew->starved_ns += fr_now_ns() - member->waiting_from_ns;
        member->waiting = false;
    }
}

static void *work(void *arg)
{
    struct member *member = arg;
    struct fr_crew *crew = member->crew;
    /* On Linux a priority is the thread's own. */
    if (crew->args.nice > 0 && setpriority(PRIO_PROCESS, (id_t)gettid(), crew->args.nice) != 0)
        fr_log(FR_LOG_DEBUG, "cannot be nice: %s", strerror(errno));
    pthread_mutex_lock(&crew->lock);
    for (;;) {
        await_work(member);
        if (crew->quit)
            break;
        struct fr_crew_task task;
        pop(crew, &crew->todo, &task);
        struct fr_job job = crew->job;
        uint32_t job_seq = crew->job_seq;
        pthread_mutex_unlock(&crew->lock);

        compute(member, &job, job_seq, &task);
        struct fr_usage usage = {0};
        if (crew->args.measure)
            usage = fr_usage_thread();

        pthread_mutex_lock(&crew->lock);
        member->usage = usage;
        bool wake = crew->done.count == 0; /* else it has been told, and has not come yet */
        push(crew, &crew->done, &task);
        if (wake) {
            pthread_mutex_unlock(&crew->lock);
            crew->args.wake(crew->args.wake_ctx);
            pthread_mutex_lock(&crew->lock);
        }
    }
    pthread_mutex_unlock(&crew->lock);
    fr_compute_free(member->compute);
    return NULL;
}

fr_status fr_crew_new(const struct fr_crew_args *args, struct fr_crew **crew_p,
                      struct fr_error *err)
{
    struct fr_crew *crew = calloc(1, sizeof(*crew) + args->threads * sizeof(crew->members[0]));
    if (!crew)
        return fr_fail(err, FR_ENOMEM, "out of memory");
    crew->args = *args;
    pthread_mutex_init(&crew->lock, NULL);
    pthread_cond_init(&crew->work, NULL);
    crew->todo.tasks = calloc(args->capacity, sizeof(*crew->todo.tasks));
    crew->done.tasks = calloc(args->capacity, sizeof(*crew->done.tasks));
    fr_status st = FR_OK;
    if (!crew->todo.tasks || !crew->done.tasks)
        st = fr_fail(err, FR_ENOMEM, "out of memory");
    while (st == FR_OK && crew->started < args->threads) {
        struct member *member = &crew->members[crew->started];
        member->crew = crew;
        int rc = pthread_create(&member->thread, NULL, work, member);
        if (rc != 0)
            st = fr_fail(err, FR_ENOMEM, "cannot start computing thread %u of %u: %s",
                         crew->started + 1, args->threads, strerror(rc));
        else
            crew->started++;
    }
    if (st != FR_OK) {
        fr_crew_free(crew);
        return st;
    }
    *crew_p = crew;
    return FR_OK;
}

uint64_t fr_crew_starved_ns(struct fr_crew *crew, uint64_t now_ns)
{
    pthread_mutex_lock(&crew->lock);
    uint64_t sum_ns = crew->starved_ns;
    for (uint32_t i = 0; i < crew->started && crew->job_seq > 0; i++)
        if (crew->members[i].waiting)
            sum_ns += now_ns - crew->members[i].waiting_from_ns;
    pthread_mutex_unlock(&crew->lock);
    return sum_ns;
}

void fr_crew_set_job(struct fr_crew *crew, const struct fr_job *job)
{
    uint64_t now_ns = fr_now_ns();
    pthread_mutex_lock(&crew->lock);
    for (uint32_t i = 0; i < crew->started && crew->job_seq == 0; i++)
        crew->members[i].waiting_from_ns = now_ns; /* before a job nobody starves */
    crew->job = *job;
    crew->job_seq++;
    pthread_mutex_unlock(&crew->lock);
}

void fr_crew_give(struct fr_crew *crew, const struct fr_crew_task *task)
{
    pthread_mutex_lock(&crew->lock);
    push(crew, &crew->todo, task);
    pthread_cond_signal(&crew->work);
    pthread_mutex_unlock(&crew->lock);
}

bool fr_crew_take(struct fr_crew *crew, struct fr_crew_task *task_p)
{
    pthread_mutex_lock(&crew->lock);
    bool any = crew->done.count > 0;
    if (any)
        pop(crew, &crew->done, task_p);
    pthread_mutex_unlock(&crew->lock);
    return any;
}

void fr_crew_drop(struct fr_crew *crew)
{
    pthread_mutex_lock(&crew->lock);
    while (crew->todo.count > 0) {
        struct fr_crew_task task;
        pop(crew, &crew->todo, &task);
        push(crew, &crew->done, &task);
    }
    pthread_mutex_unlock(&crew->lock);
}

struct fr_usage fr_crew_usage(struct fr_crew *crew)
{
    struct fr_usage sum = {0};
    pthread_mutex_lock(&crew->lock);
    for (uint32_t i = 0; i < crew->started; i++) {
        fr_usage_add(&sum, &crew->members[i].usage);
    }
    pthread_mutex_unlock(&crew->lock);
    return sum;
}

void fr_crew_free(struct fr_crew *crew)
{
    if (!crew)
        return;
    pthread_mutex_lock(&crew->lock);
    crew->quit = true;
    pthread_cond_broadcast(&crew->work);
    pthread_mutex_unlock(&crew->lock);
    for (uint32_t i = 0; i < crew->started; i++)
        pthread_join(crew->members[i].thread, NULL);
    pthread_cond_destroy(&crew->work);
    pthread_mutex_destroy(&crew->lock);
    free(crew->todo.tasks);
    free(crew->done.tasks);
    free(crew);
}
