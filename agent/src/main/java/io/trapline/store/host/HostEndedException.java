package io.trapline.store.host;

/// The store host ended before it answered; the message says how.
final class HostEndedException extends Exception {
    private static final long serialVersionUID = 1L;

    HostEndedException(String how) {
        super(how);
    }
}
