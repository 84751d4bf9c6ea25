package io.trapline.journal;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;

/// The process that gets killed: appends numbered frames from several threads and prints each
/// number when it is acknowledged. Arguments: file, first number.
final class JournalAppender {
    static final int THREADS = 8;

    private JournalAppender() {}

    @SuppressWarnings("SystemOut")
    static void main(String[] args) throws Exception {
        AtomicInteger numbers = new AtomicInteger(Integer.parseInt(args[1]));
        SqliteJournal journal = SqliteJournal.open(Path.of(args[0]), () -> JournalSettings.DEFAULT);
        for (int i = 0; i < THREADS; i++) {
            Thread.ofPlatform().start(() -> append(journal, numbers));
        }
    }

    @SuppressWarnings("SystemOut")
    private static void append(Journal journal, AtomicInteger numbers) {
        try {
            while (true) {
                int number = numbers.getAndIncrement();
                long position = journal.append(ByteBuffer.allocate(1500).putInt(number).array());
                System.out.println(number + " " + position);
            }
        } catch (JournalException e) {
            System.out.println("failed " + e.getMessage());
        }
    }
}
