"""Names that CPython's modules have and GraalPy's do not: made where that is a matter of numbers, else refused.

A refusal is an `AttributeError`, so `hasattr` works, and names the way out.
"""

import os

# Of CPython 3.11 and 3.12 on Linux, without those that make() adds
NAMES = {
    "os": (
        "CLD_CONTINUED CLD_DUMPED CLD_EXITED CLD_KILLED CLD_STOPPED CLD_TRAPPED EFD_CLOEXEC EFD_NONBLOCK "
        "EFD_SEMAPHORE F_LOCK F_TEST F_TLOCK F_ULOCK GRND_NONBLOCK GRND_RANDOM MFD_ALLOW_SEALING MFD_CLOEXEC "
        "MFD_HUGETLB MFD_HUGE_16GB MFD_HUGE_16MB MFD_HUGE_1GB MFD_HUGE_1MB MFD_HUGE_256MB MFD_HUGE_2GB MFD_HUGE_2MB "
        "MFD_HUGE_32MB MFD_HUGE_512KB MFD_HUGE_512MB MFD_HUGE_64KB MFD_HUGE_8MB MFD_HUGE_MASK MFD_HUGE_SHIFT "
        "NGROUPS_MAX POSIX_FADV_DONTNEED POSIX_FADV_NOREUSE POSIX_FADV_NORMAL POSIX_FADV_RANDOM POSIX_FADV_SEQUENTIAL "
        "POSIX_FADV_WILLNEED POSIX_SPAWN_CLOSE POSIX_SPAWN_DUP2 POSIX_SPAWN_OPEN PRIO_PGRP PRIO_PROCESS PRIO_USER "
        "P_ALL P_NOWAIT P_NOWAITO P_PGID P_PID P_PIDFD P_WAIT RTLD_DEEPBIND RTLD_NODELETE RTLD_NOLOAD RWF_APPEND "
        "RWF_DSYNC RWF_HIPRI RWF_NOWAIT RWF_SYNC SCHED_BATCH SCHED_FIFO SCHED_IDLE SCHED_OTHER SCHED_RESET_ON_FORK "
        "SCHED_RR SPLICE_F_MORE SPLICE_F_MOVE SPLICE_F_NONBLOCK ST_APPEND ST_MANDLOCK ST_NOATIME ST_NODEV "
        "ST_NODIRATIME ST_NOEXEC ST_NOSUID ST_RDONLY ST_RELATIME ST_SYNCHRONOUS ST_WRITE TMP_MAX WCONTINUED WEXITED "
        "WNOWAIT WSTOPPED XATTR_CREATE XATTR_REPLACE XATTR_SIZE_MAX abort chroot closerange confstr confstr_names "
        "copy_file_range device_encoding eventfd eventfd_read eventfd_write fdatasync fpathconf getgrouplist getlogin "
        "getpriority getrandom getxattr initgroups listxattr lockf login_tty memfd_create mkfifo mknod nice pathconf "
        "pathconf_names pidfd_open pipe2 posix_fadvise posix_fallocate pread preadv pwrite pwritev readv removexattr "
        "sched_get_priority_max sched_get_priority_min sched_getparam sched_getscheduler sched_param "
        "sched_rr_get_interval sched_setaffinity sched_setparam sched_setscheduler sched_yield sendfile setegid "
        "seteuid setgid setgroups setpriority setregid setresgid setresuid setreuid setuid setxattr splice sync "
        "tcgetpgrp tcsetpgrp times times_result ttyname wait wait3 wait4 waitid waitid_result writev"
    ),
    "select": (
        "EPOLLERR EPOLLET EPOLLEXCLUSIVE EPOLLHUP EPOLLIN EPOLLMSG EPOLLONESHOT EPOLLOUT EPOLLPRI EPOLLRDBAND "
        "EPOLLRDHUP EPOLLRDNORM EPOLLWRBAND EPOLLWRNORM EPOLL_CLOEXEC POLLMSG POLLRDBAND POLLRDHUP POLLRDNORM "
        "POLLWRBAND POLLWRNORM epoll"
    ),
    "socket": (
        "AF_ALG AF_APPLETALK AF_ASH AF_ATMPVC AF_ATMSVC AF_AX25 AF_BRIDGE AF_CAN AF_DECnet AF_ECONET AF_IPX AF_IRDA "
        "AF_KEY AF_LLC AF_NETBEUI AF_NETLINK AF_NETROM AF_PPPOX AF_QIPCRTR AF_RDS AF_ROSE AF_ROUTE AF_SECURITY AF_SNA "
        "AF_TIPC AF_VSOCK AF_WANPIPE AF_X25 ALG_OP_DECRYPT ALG_OP_ENCRYPT ALG_OP_SIGN ALG_OP_VERIFY "
        "ALG_SET_AEAD_ASSOCLEN ALG_SET_AEAD_AUTHSIZE ALG_SET_IV ALG_SET_KEY ALG_SET_OP ALG_SET_PUBKEY CAN_BCM "
        "CAN_BCM_CAN_FD_FRAME CAN_BCM_RX_ANNOUNCE_RESUME CAN_BCM_RX_CHANGED CAN_BCM_RX_CHECK_DLC CAN_BCM_RX_DELETE "
        "CAN_BCM_RX_FILTER_ID CAN_BCM_RX_NO_AUTOTIMER CAN_BCM_RX_READ CAN_BCM_RX_RTR_FRAME CAN_BCM_RX_SETUP "
        "CAN_BCM_RX_STATUS CAN_BCM_RX_TIMEOUT CAN_BCM_SETTIMER CAN_BCM_STARTTIMER CAN_BCM_TX_ANNOUNCE "
        "CAN_BCM_TX_COUNTEVT CAN_BCM_TX_CP_CAN_ID CAN_BCM_TX_DELETE CAN_BCM_TX_EXPIRED CAN_BCM_TX_READ "
        "CAN_BCM_TX_RESET_MULTI_IDX CAN_BCM_TX_SEND CAN_BCM_TX_SETUP CAN_BCM_TX_STATUS CAN_EFF_FLAG CAN_EFF_MASK "
        "CAN_ERR_FLAG CAN_ERR_MASK CAN_ISOTP CAN_J1939 CAN_RAW CAN_RAW_FD_FRAMES CAN_RAW_FILTER CAN_RAW_JOIN_FILTERS "
        "CAN_RAW_LOOPBACK CAN_RAW_RECV_OWN_MSGS CAN_RTR_FLAG CAN_SFF_MASK CAPI CMSG_LEN CMSG_SPACE "
        "IOCTL_VM_SOCKETS_GET_LOCAL_CID J1939_EE_INFO_NONE J1939_EE_INFO_TX_ABORT J1939_FILTER_MAX J1939_IDLE_ADDR "
        "J1939_MAX_UNICAST_ADDR J1939_NLA_BYTES_ACKED J1939_NLA_PAD J1939_NO_ADDR J1939_NO_NAME J1939_NO_PGN "
        "J1939_PGN_ADDRESS_CLAIMED J1939_PGN_ADDRESS_COMMANDED J1939_PGN_MAX J1939_PGN_PDU1_MAX J1939_PGN_REQUEST "
        "NETLINK_CRYPTO NETLINK_DNRTMSG NETLINK_FIREWALL NETLINK_IP6_FW NETLINK_NFLOG NETLINK_ROUTE NETLINK_USERSOCK "
        "NETLINK_XFRM PACKET_BROADCAST PACKET_FASTROUTE PACKET_HOST PACKET_LOOPBACK PACKET_MULTICAST PACKET_OTHERHOST "
        "PACKET_OUTGOING PF_CAN PF_PACKET PF_RDS SCM_CREDENTIALS SCM_J1939_DEST_ADDR SCM_J1939_DEST_NAME "
        "SCM_J1939_ERRQUEUE SCM_J1939_PRIO SCM_RIGHTS SOL_ALG SOL_CAN_BASE SOL_CAN_RAW SOL_RDS SOL_TIPC "
        "SO_INCOMING_CPU SO_J1939_ERRQUEUE SO_J1939_FILTER SO_J1939_PROMISC SO_J1939_SEND_PRIO "
        "SO_VM_SOCKETS_BUFFER_MAX_SIZE SO_VM_SOCKETS_BUFFER_MIN_SIZE SO_VM_SOCKETS_BUFFER_SIZE TIPC_ADDR_ID "
        "TIPC_ADDR_NAME TIPC_ADDR_NAMESEQ TIPC_CFG_SRV TIPC_CLUSTER_SCOPE TIPC_CONN_TIMEOUT TIPC_CRITICAL_IMPORTANCE "
        "TIPC_DEST_DROPPABLE TIPC_HIGH_IMPORTANCE TIPC_IMPORTANCE TIPC_LOW_IMPORTANCE TIPC_MEDIUM_IMPORTANCE "
        "TIPC_NODE_SCOPE TIPC_PUBLISHED TIPC_SRC_DROPPABLE TIPC_SUBSCR_TIMEOUT TIPC_SUB_CANCEL TIPC_SUB_PORTS "
        "TIPC_SUB_SERVICE TIPC_TOP_SRV TIPC_WAIT_FOREVER TIPC_WITHDRAWN TIPC_ZONE_SCOPE UDPLITE_RECV_CSCOV "
        "UDPLITE_SEND_CSCOV VMADDR_CID_ANY VMADDR_CID_HOST VMADDR_PORT_ANY VM_SOCKETS_INVALID_VERSION getprotobyname "
        "recv_fds send_fds sethostname"
    ),
    "signal": (
        "SIGRTMAX SIGRTMIN SIG_BLOCK SIG_SETMASK SIG_UNBLOCK Sigmasks pause pidfd_send_signal pthread_kill "
        "pthread_sigmask sigpending sigtimedwait sigwait sigwaitinfo struct_siginfo"
    ),
    "resource": (
        "RLIMIT_MSGQUEUE RLIMIT_NICE RLIMIT_OFILE RLIMIT_RTPRIO RLIMIT_RTTIME RLIMIT_SIGPENDING prlimit setrlimit"
    ),
    "fcntl": (
        "DN_ACCESS DN_ATTRIB DN_CREATE DN_DELETE DN_MODIFY DN_MULTISHOT DN_RENAME FASYNC F_ADD_SEALS F_DUPFD_CLOEXEC "
        "F_EXLCK F_GETLEASE F_GETLK F_GETLK64 F_GETOWN F_GETPIPE_SZ F_GETSIG F_GET_SEALS F_NOTIFY F_OFD_GETLK "
        "F_OFD_SETLK F_OFD_SETLKW F_SEAL_GROW F_SEAL_SEAL F_SEAL_SHRINK F_SEAL_WRITE F_SETLEASE F_SETLK F_SETLK64 "
        "F_SETLKW F_SETLKW64 F_SETOWN F_SETPIPE_SZ F_SETSIG F_SHLCK LOCK_MAND LOCK_READ LOCK_RW LOCK_WRITE"
    ),
    "time": (
        "CLOCK_TAI clock_settime clock_settime_ns pthread_getcpuclockid"
    ),
    "mmap": (
        "MADV_DODUMP MADV_DOFORK MADV_DONTDUMP MADV_DONTFORK MADV_DONTNEED MADV_FREE MADV_HUGEPAGE MADV_HWPOISON "
        "MADV_MERGEABLE MADV_NOHUGEPAGE MADV_NORMAL MADV_RANDOM MADV_REMOVE MADV_SEQUENTIAL MADV_UNMERGEABLE "
        "MADV_WILLNEED MAP_ANON MAP_POPULATE MAP_STACK"
    ),
    "ssl": (
        "ALERT_DESCRIPTION_ACCESS_DENIED ALERT_DESCRIPTION_BAD_CERTIFICATE "
        "ALERT_DESCRIPTION_BAD_CERTIFICATE_HASH_VALUE ALERT_DESCRIPTION_BAD_CERTIFICATE_STATUS_RESPONSE "
        "ALERT_DESCRIPTION_BAD_RECORD_MAC ALERT_DESCRIPTION_CERTIFICATE_EXPIRED ALERT_DESCRIPTION_CERTIFICATE_REVOKED "
        "ALERT_DESCRIPTION_CERTIFICATE_UNKNOWN ALERT_DESCRIPTION_CERTIFICATE_UNOBTAINABLE "
        "ALERT_DESCRIPTION_CLOSE_NOTIFY ALERT_DESCRIPTION_DECODE_ERROR ALERT_DESCRIPTION_DECOMPRESSION_FAILURE "
        "ALERT_DESCRIPTION_DECRYPT_ERROR ALERT_DESCRIPTION_HANDSHAKE_FAILURE ALERT_DESCRIPTION_ILLEGAL_PARAMETER "
        "ALERT_DESCRIPTION_INSUFFICIENT_SECURITY ALERT_DESCRIPTION_INTERNAL_ERROR ALERT_DESCRIPTION_NO_RENEGOTIATION "
        "ALERT_DESCRIPTION_PROTOCOL_VERSION ALERT_DESCRIPTION_RECORD_OVERFLOW ALERT_DESCRIPTION_UNEXPECTED_MESSAGE "
        "ALERT_DESCRIPTION_UNKNOWN_CA ALERT_DESCRIPTION_UNKNOWN_PSK_IDENTITY ALERT_DESCRIPTION_UNRECOGNIZED_NAME "
        "ALERT_DESCRIPTION_UNSUPPORTED_CERTIFICATE ALERT_DESCRIPTION_UNSUPPORTED_EXTENSION "
        "ALERT_DESCRIPTION_USER_CANCELLED OP_CIPHER_SERVER_PREFERENCE OP_ENABLE_MIDDLEBOX_COMPAT "
        "OP_IGNORE_UNEXPECTED_EOF OP_NO_RENEGOTIATION OP_SINGLE_DH_USE OP_SINGLE_ECDH_USE VERIFY_ALLOW_PROXY_CERTS "
        "VERIFY_X509_PARTIAL_CHAIN"
    ),
    "tracemalloc": (
        "clear_traces get_traceback_limit get_traced_memory get_tracemalloc_memory is_tracing reset_peak start stop"
    ),
    "gc": (
        "freeze garbage get_freeze_count get_objects get_stats get_threshold is_finalized set_threshold unfreeze"
    ),
    "sys": (
        "call_tracing getallocatedblocks"
    ),
    "locale": (
        "ABDAY_1 ABDAY_2 ABDAY_3 ABDAY_4 ABDAY_5 ABDAY_6 ABDAY_7 ABMON_1 ABMON_10 ABMON_11 ABMON_12 ABMON_2 ABMON_3 "
        "ABMON_4 ABMON_5 ABMON_6 ABMON_7 ABMON_8 ABMON_9 ALT_DIGITS AM_STR CODESET CRNCYSTR DAY_1 DAY_2 DAY_3 DAY_4 "
        "DAY_5 DAY_6 DAY_7 D_FMT D_T_FMT ERA ERA_D_FMT ERA_D_T_FMT ERA_T_FMT MON_1 MON_10 MON_11 MON_12 MON_2 MON_3 "
        "MON_4 MON_5 MON_6 MON_7 MON_8 MON_9 NOEXPR PM_STR RADIXCHAR THOUSEP T_FMT T_FMT_AMPM YESEXPR nl_langinfo"
    ),
    "hashlib": (
        "scrypt"
    ),
    "faulthandler": (
        "register unregister"
    ),
}

_OF_SOCKET = (
    "IPPORT_RESERVED=1024 IPPORT_USERRESERVED=5000 IPPROTO_DSTOPTS=60 IPPROTO_FRAGMENT=44 IPPROTO_HOPOPTS=0 "
    "IPPROTO_ICMPV6=58 IPPROTO_MPTCP=262 IPPROTO_NONE=59 IPPROTO_ROUTING=43 IPPROTO_UDPLITE=136 "
    "IP_ADD_MEMBERSHIP=35 IP_BIND_ADDRESS_NO_PORT=24 IP_DEFAULT_MULTICAST_LOOP=1 IP_DEFAULT_MULTICAST_TTL=1 "
    "IP_DROP_MEMBERSHIP=36 IP_HDRINCL=3 IP_MAX_MEMBERSHIPS=20 IP_MULTICAST_IF=32 IP_MULTICAST_LOOP=34 "
    "IP_MULTICAST_TTL=33 IP_OPTIONS=4 IP_RECVOPTS=6 IP_RECVRETOPTS=7 IP_RECVTOS=13 IP_RETOPTS=7 IP_TOS=1 "
    "IP_TRANSPARENT=19 IP_TTL=2 MSG_CMSG_CLOEXEC=1073741824 MSG_CONFIRM=2048 MSG_CTRUNC=8 MSG_DONTROUTE=4 "
    "MSG_DONTWAIT=64 MSG_EOR=128 MSG_ERRQUEUE=8192 MSG_FASTOPEN=536870912 MSG_MORE=32768 MSG_NOSIGNAL=16384 "
    "MSG_OOB=1 MSG_PEEK=2 MSG_TRUNC=32 MSG_WAITALL=256 NI_MAXHOST=1025 NI_MAXSERV=32 SOCK_CLOEXEC=524288 "
    "SOCK_NONBLOCK=2048 SOCK_RAW=3 SOCK_RDM=4 SOCK_SEQPACKET=5"
)

_NUMBERS_OF_LIMITS = {  # GraalPy has those of another system
    "RLIMIT_NPROC": 6, "RLIMIT_NOFILE": 7, "RLIMIT_MEMLOCK": 8, "RLIMIT_AS": 9, "RLIM_INFINITY": -1,
}
_LINES_OF_LIMITS = {  # number of getrlimit -> line of /proc/self/limits
    0: "Max cpu time", 1: "Max file size", 2: "Max data size", 3: "Max stack size", 4: "Max core file size",
    5: "Max resident set", 6: "Max processes", 7: "Max open files", 8: "Max locked memory", 9: "Max address space",
}


def refuse(module, cannot):
    name_of_module = module.__name__
    names = frozenset(NAMES[name_of_module].split())

    def absent(name):
        if name in names:
            raise AttributeError(str(cannot("%s.%s" % (name_of_module, name))))
        raise AttributeError("module %r has no attribute %r" % (name_of_module, name))

    if not hasattr(module, "__getattr__"):
        module.__getattr__ = absent


def make():
    import resource
    import signal

    os.major = lambda device: (device >> 8 & 0xFFF) | (device >> 32 & ~0xFFF)
    os.minor = lambda device: (device & 0xFF) | (device >> 12 & ~0xFF)
    os.makedev = lambda major, minor: (
        (major & 0xFFF) << 8 | (major & ~0xFFF) << 32 | (minor & 0xFF) | (minor & ~0xFF) << 12
    )
    os.getresuid = lambda: tuple(map(int, _of_status("self", "Uid").split()[:3]))
    os.getresgid = lambda: tuple(map(int, _of_status("self", "Gid").split()[:3]))
    os.sched_getaffinity = _cores
    signal.SIGCLD, signal.SIGIO, signal.SIGIOT = signal.SIGCHLD, signal.SIGPOLL, signal.SIGABRT
    for name, number in _NUMBERS_OF_LIMITS.items():
        setattr(resource, name, number)
    resource.getrlimit = _limits
    usage = resource.getrusage
    resource.getrusage = lambda who: _usage_of_children(usage(0)) if who == resource.RUSAGE_CHILDREN else usage(who)


def _of_status(process, name):
    with open("/proc/%s/status" % process) as status:
        for line in status:
            if line.startswith(name + ":"):
                return line.partition(":")[2]
    raise OSError("/proc/%s/status has no %s" % (process, name))


def _cores(process):
    try:
        text = _of_status(process or "thread-self", "Cpus_allowed_list")
    except FileNotFoundError:
        raise ProcessLookupError(3, "No such process") from None
    ends = (part.split("-") for part in text.strip().split(","))
    return {core for each in ends for core in range(int(each[0]), int(each[-1]) + 1)}


def _limits(number):
    if number not in _LINES_OF_LIMITS:
        raise ValueError("invalid resource specified")
    begin = _LINES_OF_LIMITS[number]
    with open("/proc/self/limits") as limits:
        for line in limits:
            if line.startswith(begin + "  "):
                return tuple(-1 if each == "unlimited" else int(each) for each in line[len(begin) :].split()[:2])
    raise OSError("/proc/self/limits has no " + begin)


def _usage_of_children(like):
    """Of all inputs of the process; the kernel tells the times, and what else it counts not."""
    with open("/proc/self/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    ticks = os.sysconf("SC_CLK_TCK")
    return type(like)((int(fields[13]) / ticks, int(fields[14]) / ticks) + (0,) * 6 + (int(fields[8]), int(fields[10])) + (0,) * 6)


def amend_socket(socket):
    for each in _OF_SOCKET.split():
        name, _, number = each.partition("=")
        if not hasattr(socket, name):
            setattr(socket, name, int(number))
    for name in ("BROADCAST", "UNSPEC_GROUP", "ALLHOSTS_GROUP", "MAX_LOCAL_GROUP", "NONE"):
        setattr(socket, "INADDR_" + name, getattr(socket, "INADDR_" + name) & 0xFFFFFFFF)
    socket.if_nameindex = _interfaces
    socket.if_nametoindex = lambda name: _found(name, {name: number for number, name in _interfaces()})
    socket.if_indextoname = lambda number: _found(number, dict(_interfaces()))


def _interfaces():
    found = []
    for name in os.listdir("/sys/class/net"):
        try:
            with open("/sys/class/net/%s/ifindex" % name) as file:
                found.append((int(file.read()), name))
        except OSError:
            pass  # it has gone, or is none
    return sorted(found)


def _found(key, among):
    if key not in among:
        raise OSError("no interface with this name") if isinstance(key, str) else OSError(6, "No such device or address")
    return among[key]
