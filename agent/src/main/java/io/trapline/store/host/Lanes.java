package io.trapline.store.host;

import io.trapline.store.QueryException;
import io.trapline.store.QueryException.Reason;
import io.trapline.store.Store.Asker;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/// The places of statements that run at once, apart for people and for the product.
final class Lanes {
    private static final int OF_PRODUCT = 2;

    private static final int OF_PEOPLE =
            Math.max(1, Runtime.getRuntime().availableProcessors() - 1);
    static final int OF_ALL = OF_PEOPLE + OF_PRODUCT;

    private final Semaphore people = new Semaphore(OF_PEOPLE, true);
    private final Semaphore product = new Semaphore(OF_PRODUCT, true);

    /// Waits for a place; [#leave] must follow.
    ///
    /// @throws QueryException when none became free in time
    void enter(Asker asker, long waitNanos) throws QueryException, InterruptedException {
        if (!lane(asker).tryAcquire(waitNanos, TimeUnit.NANOSECONDS)) {
            throw new QueryException(
                    Reason.BUSY,
                    (asker == Asker.PEOPLE ? OF_PEOPLE : OF_PRODUCT)
                            + " statement(s) are running already, as many as may at once; try again"
                            + " when one has ended");
        }
    }

    void leave(Asker asker) {
        lane(asker).release();
    }

    private Semaphore lane(Asker asker) {
        return asker == Asker.PEOPLE ? people : product;
    }
}
