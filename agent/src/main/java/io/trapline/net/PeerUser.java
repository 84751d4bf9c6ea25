package io.trapline.net;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.OptionalInt;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Which user of this host holds the other end of a loopback connection. The kernel is asked for
/// that one socket (netlink, `sock_diag(7)`), which takes microseconds however many there are;
/// `/proc/net/tcp` lists all of them at each reading.
///
/// What is not known for certain is not answered: a socket that its owner has closed already has
/// the user number 0 for the kernel, which is root's.
final class PeerUser {
    private static final Logger LOG = LoggerFactory.getLogger(PeerUser.class);

    private static final int AF_NETLINK = 16;
    private static final int SOCK_DGRAM_CLOEXEC = 2 | 0x80000;
    private static final int NETLINK_SOCK_DIAG = 4;
    private static final short SOCK_DIAG_BY_FAMILY = 20;
    private static final short REQUEST = 1;
    private static final int DONT_WAIT = 0x40;
    private static final byte AF_INET = 2;
    private static final byte AF_INET6 = 10;
    private static final byte TCP = 6;

    /// `nlmsghdr` and `inet_diag_req_v2`.
    private static final int ASKED_BYTES = 16 + 56;

    /// In an answer: `nlmsghdr`, then `inet_diag_msg` with `idiag_uid` and `idiag_inode` at its
    /// end.
    private static final int UID_AT = 16 + 64;

    private static final int INODE_AT = UID_AT + 4;
    private static final int ANSWER_BYTES = 1024;

    /// Answers to earlier questions that may lie before the one that is wanted.
    private static final int STALE_ANSWERS = 8;

    /// `lock` guards the kernel's socket and its buffers.
    private static final ReentrantLock LOCK = new ReentrantLock();

    private static @Nullable PeerUser instance;
    private static boolean unknowable;

    private final int descriptor;
    private final MethodHandle send;
    private final MethodHandle receive;
    private final MemorySegment question = Arena.global().allocate(ASKED_BYTES, 8);
    private final MemorySegment answer = Arena.global().allocate(ANSWER_BYTES, 8);
    private int sequence;

    private PeerUser() throws Throwable {
        FunctionDescriptor transfer =
                FunctionDescriptor.of(
                        ValueLayout.JAVA_LONG,
                        ValueLayout.JAVA_INT,
                        ValueLayout.ADDRESS,
                        ValueLayout.JAVA_LONG,
                        ValueLayout.JAVA_INT);
        send = function("send", transfer);
        receive = function("recv", transfer);
        MethodHandle socket =
                function(
                        "socket",
                        FunctionDescriptor.of(
                                ValueLayout.JAVA_INT,
                                ValueLayout.JAVA_INT,
                                ValueLayout.JAVA_INT,
                                ValueLayout.JAVA_INT));
        descriptor = (int) socket.invokeExact(AF_NETLINK, SOCK_DGRAM_CLOEXEC, NETLINK_SOCK_DIAG);
        if (descriptor < 0) {
            throw new IllegalStateException("the kernel gives no netlink socket");
        }
    }

    @SuppressWarnings("restricted")
    private static MethodHandle function(String name, FunctionDescriptor shape) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), shape);
    }

    /// Opens the kernel's socket, while one can be.
    static void prepare() {
        LOCK.lock();
        try {
            if (instance == null && !unknowable) {
                instance = new PeerUser();
            }
        } catch (Throwable e) {
            unknowable(e);
        } finally {
            LOCK.unlock();
        }
    }

    private static void unknowable(Throwable e) {
        unknowable = true;
        LOG.info(
                "the kernel does not tell which user a local connection is of ({}): all users of"
                        + " this host share one rate limit and one share of the connections",
                e.toString());
    }

    /// @param peer the other end, of this host
    /// @param local this end
    static OptionalInt of(InetSocketAddress peer, InetSocketAddress local) {
        LOCK.lock();
        try {
            if (unknowable) {
                return OptionalInt.empty();
            }
            PeerUser kernel = instance;
            if (kernel == null) {
                kernel = new PeerUser();
                instance = kernel;
            }
            return kernel.ask(peer, local);
        } catch (Throwable e) {
            unknowable(e);
            return OptionalInt.empty();
        } finally {
            LOCK.unlock();
        }
    }

    private OptionalInt ask(InetSocketAddress peer, InetSocketAddress local) throws Throwable {
        sequence++;
        boolean four = peer.getAddress() instanceof Inet4Address;
        ByteBuffer asked = question.asByteBuffer().order(ByteOrder.nativeOrder());
        asked.putInt(ASKED_BYTES)
                .putShort(SOCK_DIAG_BY_FAMILY)
                .putShort(REQUEST)
                .putInt(sequence)
                .putInt(0)
                .put(four ? AF_INET : AF_INET6)
                .put(TCP)
                .putShort((short) 0)
                .putInt(-1);
        asked.order(ByteOrder.BIG_ENDIAN)
                .putShort((short) peer.getPort())
                .putShort((short) local.getPort());
        address(asked, peer);
        address(asked, local);
        // Of any interface, and without the kernel's cookie.
        asked.putInt(0).putInt(-1).putInt(-1);
        if ((long) send.invokeExact(descriptor, question, (long) ASKED_BYTES, 0) != ASKED_BYTES) {
            return OptionalInt.empty();
        }
        for (int i = 0; i < STALE_ANSWERS; i++) {
            long length =
                    (long) receive.invokeExact(descriptor, answer, (long) ANSWER_BYTES, DONT_WAIT);
            if (length < 0) {
                return OptionalInt.empty();
            }
            ByteBuffer told = answer.asByteBuffer().order(ByteOrder.nativeOrder());
            if (length >= 16 && told.getInt(8) == sequence) {
                return told.getShort(4) == SOCK_DIAG_BY_FAMILY
                                && length >= INODE_AT + 4
                                && told.getInt(INODE_AT) != 0
                        ? OptionalInt.of(told.getInt(UID_AT))
                        : OptionalInt.empty();
            }
        }
        return OptionalInt.empty();
    }

    private static void address(ByteBuffer asked, InetSocketAddress its) {
        byte[] bytes = its.getAddress().getAddress();
        asked.put(bytes).put(new byte[16 - bytes.length]);
    }
}
