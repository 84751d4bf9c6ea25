package io.trapline.registry;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/// The pinned charts of the dashboard, in their order; kept in the agent's database, in every role.
/// Any thread may call any method; a change is on disk when its method returns.
public final class Pins implements AutoCloseable {
    /// More than that is no dashboard any more, and each chart asks the store.
    public static final int MOST = 50;

    private final RegistryDatabase database;

    private Pins(RegistryDatabase database) {
        this.database = database;
    }

    /// @param file the agent's database
    public static Pins open(Path file) throws RegistryException {
        return new Pins(RegistryDatabase.open(file));
    }

    public List<Pin> all() throws RegistryException {
        return database.pins();
    }

    /// At the end.
    ///
    /// @throws RegistryException also when there are [#MOST] already, or one with the same query
    public synchronized Pin add(String title, String query) throws RegistryException {
        List<Pin> pins = database.pins();
        if (pins.size() >= MOST) {
            throw new RegistryException(
                    "the dashboard has " + MOST + " charts already; take one off first");
        }
        for (Pin pin : pins) {
            if (pin.query().equals(query)) {
                throw new RegistryException(
                        "this chart is on the dashboard already, as " + pin.title());
            }
        }
        long id = pins.stream().mapToLong(Pin::id).max().orElse(0) + 1;
        Pin pin = new Pin(id, title, query);
        List<Pin> more = new ArrayList<>(pins);
        more.add(pin);
        database.putPins(more);
        return pin;
    }

    /// @return whether it was there
    public synchronized boolean remove(long id) throws RegistryException {
        List<Pin> pins = new ArrayList<>(database.pins());
        boolean there = pins.removeIf(pin -> pin.id() == id);
        if (there) {
            database.putPins(pins);
        }
        return there;
    }

    /// Changes places with the one before it (`by` -1) or after it (1); at the end it stays.
    ///
    /// @return whether it was there
    public synchronized boolean move(long id, int by) throws RegistryException {
        List<Pin> pins = new ArrayList<>(database.pins());
        for (int at = 0; at < pins.size(); at++) {
            if (pins.get(at).id() == id) {
                int to = at + Integer.signum(by);
                if (to >= 0 && to < pins.size()) {
                    Collections.swap(pins, at, to);
                    database.putPins(pins);
                }
                return true;
            }
        }
        return false;
    }

    @Override
    public void close() throws RegistryException {
        database.close();
    }
}
