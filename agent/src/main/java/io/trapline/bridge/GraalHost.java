package io.trapline.bridge;

import io.trapline.bridge.Frame.Kind;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import org.graalvm.polyglot.Engine;

/// The program of the host JVM: runs embedded inputs, one GraalPy context each, on a shared engine.
///
/// Started by the agent and driven through its standard input and output. These are moved to other
/// descriptors at once, because scripts and their children use 0 to 2 as any program does: there 0
/// is empty and 1 goes where 2 goes, to the agent's log.
///
/// The argument is the folder with the Python side; with a second one, `--train`, it ends without
/// killing what it leads. It uses nothing but the JDK and the polyglot libraries.
public final class GraalHost {
    static final String TRAIN = "--train";

    static final String OPEN_FILES = "trapline.openFiles";

    /// What the text of a CLOSED begins with that refuses an input for want of heap.
    static final String FULL = "full: ";

    /// Of the heap; what is beyond is for the runs of those that are open.
    private static final double MOST_OPEN = 0.75;

    /// How many processes the input may start (i32).
    static final int BEFORE_OPEN = 4;

    private static final int OUT_OF_ORDER = 3;

    private final Path frameworkDir;
    private final byte[] secret;
    private final InputStream in;
    private final OutputStream out;
    private final ReentrantLock writing = new ReentrantLock();
    private final Map<Integer, Tenant> tenants = new ConcurrentHashMap<>();
    private final Engine engine;

    private GraalHost(Path frameworkDir, InputStream in, OutputStream out, byte[] secret) {
        this.secret = secret;
        this.frameworkDir = frameworkDir;
        this.in = in;
        this.out = out;
        this.engine =
                Engine.newBuilder("python").option("engine.WarnInterpreterOnly", "false").build();
    }

    public static void main(String[] args) throws IOException {
        System.setOut(System.err); // standard output is the pipe to the agent
        boolean training = List.of(args).contains(TRAIN);
        if (!training) {
            Posix.leadSession();
        }
        InputStream in = Posix.reader(Posix.duplicate(0));
        OutputStream out = Posix.writer(Posix.duplicate(1));
        int nothing = Posix.nothing();
        Posix.redirect(0, nothing);
        Posix.close(nothing);
        Posix.redirect(1, 2);
        byte[] secret = in.readNBytes(Seal.SECRET_BYTES);
        if (secret.length < Seal.SECRET_BYTES) {
            return; // the agent is gone already
        }
        Posix.prepareToWake();
        Posix.limitOpenFiles(Integer.getInteger(OPEN_FILES, Limits.DEFAULT.openFiles()));
        GraalHost host = new GraalHost(Path.of(args[0]), in, out, secret);
        if (training) {
            host.serve();
            return; // the JVM keeps what it learned only when it ends by itself
        }
        Thread.setDefaultUncaughtExceptionHandler((thread, error) -> {
            // A thread of the host itself, not of a script: out of memory, as a rule.
            System.err.println("host thread " + thread.getName() + " failed: " + error);
            Runtime.getRuntime().halt(OUT_OF_ORDER);
        });
        try {
            host.serve();
        } catch (BadFrameException e) {
            System.err.println(
                    "the pipe from the agent brought "
                            + e.getMessage()
                            + ": one of the inputs of this process writes to it");
        } finally {
            // The agent is gone, and with it the reason to be.
            Posix.killGroup(ProcessHandle.current().pid());
        }
    }

    private void serve() throws IOException {
        try (DataInputStream frames = new DataInputStream(new BufferedInputStream(in, 1 << 16))) {
            Seal agent = Seal.ofAgent(secret);
            long refused = 0;
            Optional<Frame.Received> frame = Frame.read(frames, null, Seal.BYTES);
            while (frame.isPresent()) {
                if (agent.isNext(frame.get().frame(), frame.get().proof())) {
                    handle(frame.get().frame());
                } else if (refused++ == 0) {
                    System.err.println(
                            "refused a frame of kind "
                                    + frame.get().frame().kind()
                                    + " that the agent did not write: one of the inputs of this"
                                    + " process writes to the pipe that it reads; which one does"
                                    + " cannot be told, and further ones are refused in silence");
                }
                frame = Frame.read(frames, null, Seal.BYTES);
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException("there is nothing to wait for", e);
        }
    }

    private void handle(Frame frame) {
        if (frame.kind() == Kind.OPEN) {
            int processes = ByteBuffer.wrap(frame.payload()).getInt();
            Seal seal = Seal.ofSeat(secret, frame.worker());
            String full = full();
            if (!full.isEmpty()) {
                send(Frame.of(Kind.CLOSED, frame.worker(), 0, FULL + full), seal);
                return;
            }
            Tenant tenant = new Tenant(this, frame.worker(), seal, processes);
            tenants.put(frame.worker(), tenant);
            tenant.open(frame.text(BEFORE_OPEN));
            return;
        }
        Tenant tenant = tenants.get(frame.worker());
        if (tenant != null) {
            tenant.handle(frame);
        }
    }

    /// Why there is no room for another input beside those that are here; empty when there is. What
    /// one takes shows only when it is loaded, so this asks what is left after those before it.
    private String full() {
        int inputs = tenants.size();
        Runtime heap = Runtime.getRuntime();
        long most = heap.maxMemory();
        if (inputs == 0 || used(heap) < most * MOST_OPEN) {
            return "";
        }
        System.gc(); // most of it is garbage, as a rule
        long used = used(heap);
        if (used < most * MOST_OPEN) {
            return "";
        }
        return "the process of embedded inputs has "
                + inputs
                + " inputs, which take "
                + (used >> 20)
                + " of its "
                + (most >> 20)
                + " MiB of heap, about "
                + ((used / inputs) >> 20)
                + " MiB each";
    }

    private static long used(Runtime heap) {
        return heap.totalMemory() - heap.freeMemory();
    }

    Engine engine() {
        return engine;
    }

    Path frameworkDir() {
        return frameworkDir;
    }

    void forget(Tenant tenant) {
        tenants.remove(tenant.number());
    }

    /// @param seal of the input whose frame it is
    void send(Frame frame, Seal seal) {
        writing.lock();
        try {
            frame.write(out, seal.next(frame));
        } catch (IOException _) {
            // the agent is gone; the end of the input says so as well
        } finally {
            writing.unlock();
        }
    }
}
