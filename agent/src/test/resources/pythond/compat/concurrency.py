"""Threads, event loops and pools."""

import asyncio
import concurrent.futures
import contextvars
import queue
import sched
import threading
import time

from compat import case, raised, run
from datakit_framework import DataKitFramework


class Concurrency(DataKitFramework):
    interval = 10

    def run(self):
        run(self, __name__)


@case
def threading__threads_count_under_a_lock():
    total, lock = [0], threading.Lock()

    def add():
        for _ in range(200):
            with lock:
                total[0] += 1

    threads = [threading.Thread(target=add) for _ in range(5)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    return total[0]


@case
def threading__events_conditions_and_semaphores():
    event, condition, found = threading.Event(), threading.Condition(), []

    def wait():
        event.wait(10)
        with condition:
            found.append("woken")
            condition.notify()

    threading.Thread(target=wait).start()
    with condition:
        event.set()
        condition.wait(10)
    semaphore = threading.BoundedSemaphore(1)
    return {"found": found, "first": semaphore.acquire(False), "second": semaphore.acquire(False)}


@case
def threading__locals_are_apart():
    local = threading.local()
    local.value = 1
    seen = []
    thread = threading.Thread(target=lambda: seen.append(hasattr(local, "value")))
    thread.start()
    thread.join()
    return {"here": local.value, "there": seen}


@case
def threading__a_timer_fires():
    fired = threading.Event()
    timer = threading.Timer(0.001, fired.set)
    timer.start()
    return fired.wait(10)


@case
def threading__an_exception_in_a_thread_is_told():
    told = []
    before, threading.excepthook = threading.excepthook, lambda arguments: told.append(repr(arguments.exc_value))
    thread = threading.Thread(target=lambda: 1 / 0)
    thread.start()
    thread.join()
    threading.excepthook = before
    return told


@case
def threading__names_and_daemons():
    thread = threading.Thread(target=time.sleep, args=(0,), name="named", daemon=True)
    thread.start()
    thread.join()
    return {"name": thread.name, "daemon": thread.daemon, "alive": thread.is_alive()}


@case
def queue__fifo_lifo_and_priority():
    found = []
    for kind in (queue.Queue, queue.LifoQueue, queue.PriorityQueue):
        each = kind()
        [each.put(number) for number in (2, 1, 3)]
        found.append([each.get() for _ in range(3)])
    return found


@case
def queue__bounds_and_empty():
    small = queue.Queue(1)
    small.put(1)
    full = raised(small.put_nowait, 2)
    small.get()
    return {"full": full, "empty": raised(small.get, timeout=0.001)}


@case
def futures__a_pool_of_threads():
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        squares = list(pool.map(lambda number: number * number, range(5)))
        failed = pool.submit(lambda: 1 / 0)
        return {"squares": squares, "failed": repr(failed.exception())}


@case
def futures__as_completed_and_wait():
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        futures = [pool.submit(pow, 2, number) for number in range(4)]
        done, rest = concurrent.futures.wait(futures, timeout=10)
        found = sorted(future.result() for future in concurrent.futures.as_completed(futures))
        return {"found": found, "done": len(done), "rest": len(rest)}


@case
def futures__a_pool_of_processes():
    def pool():
        with concurrent.futures.ProcessPoolExecutor(1) as processes:
            return processes.submit(abs, -3).result()

    return raised(pool)


@case
def multiprocessing__a_process():
    import multiprocessing

    def start():
        process = multiprocessing.get_context("fork").Process(target=abs, args=(1,))
        process.start()
        process.join()
        return process.exitcode

    return raised(start)


@case
def multiprocessing__a_pool_of_processes():
    import multiprocessing

    def pool():
        with multiprocessing.get_context("fork").Pool(1) as processes:
            return processes.map(abs, [-1, -2])

    return raised(pool)


@case
def multiprocessing__a_pool_of_threads():
    from multiprocessing.pool import ThreadPool

    with ThreadPool(2) as pool:
        return pool.map(abs, [-1, 2])


@case
def multiprocessing__number_of_cores():
    import multiprocessing
    import os

    return multiprocessing.cpu_count() == os.cpu_count()


@case
def asyncio__gather_and_time_limits():
    async def work(number):
        await asyncio.sleep(0)
        return number

    async def main():
        found = await asyncio.gather(*map(work, range(3)))
        try:
            await asyncio.wait_for(asyncio.sleep(60), 0.001)
        except asyncio.TimeoutError:
            found.append("too late")
        return found

    return asyncio.run(main())


@case
def asyncio__queues_locks_and_tasks():
    async def main():
        waiting, lock, found = asyncio.Queue(), asyncio.Lock(), []

        async def take():
            while True:
                item = await waiting.get()
                async with lock:
                    found.append(item)
                waiting.task_done()

        task = asyncio.ensure_future(take())
        [waiting.put_nowait(number) for number in range(3)]
        await waiting.join()
        task.cancel()
        return found, repr((await asyncio.gather(task, return_exceptions=True))[0])

    return asyncio.run(main())


@case
def asyncio__a_server_and_its_client():
    async def answer(reader, writer):
        writer.write((await reader.readline()).upper())
        await writer.drain()
        writer.close()

    async def main():
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(b"hello\n")
        found = await reader.read()
        writer.close()
        server.close()
        return found

    return asyncio.run(main())


@case
def asyncio__threads_beside_the_loop():
    async def main():
        return await asyncio.get_running_loop().run_in_executor(None, abs, -4), await asyncio.to_thread(abs, -5)

    return asyncio.run(main())


@case
def asyncio__a_child_process():
    async def main():
        child = await asyncio.create_subprocess_exec("echo", "hi", stdout=asyncio.subprocess.PIPE)
        out, _ = await child.communicate()
        return {"out": repr(out), "code": child.returncode}

    return asyncio.run(main())


@case
def asyncio__a_shell_that_is_spoken_to():
    async def main():
        pipe = asyncio.subprocess.PIPE
        child = await asyncio.create_subprocess_shell("read x; echo got $x; exit 3", stdin=pipe, stdout=pipe)
        child.stdin.write(b"word\n")
        line = await child.stdout.readline()
        return {"line": repr(line), "code": await child.wait()}

    return asyncio.run(main())


@case
def asyncio__a_child_that_is_killed():
    async def main():
        child = await asyncio.create_subprocess_exec("sleep", "60")
        child.kill()
        return await child.wait()

    return asyncio.run(main())


@case
def asyncio__a_program_that_is_missing():
    async def main():
        await asyncio.create_subprocess_exec("no-such-program-here")

    return raised(lambda: asyncio.run(main()))


@case
def contextvars__are_apart():
    variable = contextvars.ContextVar("variable", default=0)
    context = contextvars.copy_context()
    context.run(variable.set, 5)
    return {"here": variable.get(), "there": context[variable]}


@case
def sched__runs_in_order():
    found = []
    scheduler = sched.scheduler(time.monotonic, time.sleep)
    scheduler.enter(0.002, 1, found.append, ("second",))
    scheduler.enter(0.001, 1, found.append, ("first",))
    scheduler.run()
    return found
