package io.trapline.collector;

import io.trapline.bridge.Worker.LoadedCollector;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/// What people call the collectors of one input: in its sources, the run ledger, the status, pages
/// and commands.
///
/// It is the class's name. Where several classes of an input have one name, each is called
/// `module.Class`; where that is the same too, because two folders have a module of one name, the
/// folder comes before it, and its parents as far as that is needed. So a name does not depend on
/// the order in which things are loaded.
final class CollectorNames {
    private CollectorNames() {}

    /// By id.
    static Map<String, String> of(List<LoadedCollector> collectors) {
        Map<String, String> names = new LinkedHashMap<>();
        collectors.stream()
                .collect(Collectors.groupingBy(LoadedCollector::className))
                .forEach((name, same) -> {
                    if (same.size() == 1) {
                        names.put(same.getFirst().id(), name);
                    } else {
                        names.putAll(toldApart(same));
                    }
                });
        return new HashSet<>(names.values()).size() == names.size() ? names : byId(collectors);
    }

    private static Map<String, String> toldApart(List<LoadedCollector> same) {
        Map<String, String> names = new LinkedHashMap<>();
        same.stream()
                .collect(Collectors.groupingBy(c -> c.module() + "." + c.className()))
                .forEach((name, twins) -> {
                    if (twins.size() == 1) {
                        names.put(twins.getFirst().id(), name);
                    } else {
                        names.putAll(withFolders(name, twins));
                    }
                });
        return names;
    }

    private static Map<String, String> withFolders(String name, List<LoadedCollector> twins) {
        List<List<String>> folders = twins.stream().map(CollectorNames::foldersAbove).toList();
        int most = folders.stream().mapToInt(List::size).max().orElse(0);
        for (int depth = 1; depth <= most; depth++) {
            Map<String, String> names = new LinkedHashMap<>();
            for (int i = 0; i < twins.size(); i++) {
                List<String> all = folders.get(i);
                List<String> last = all.subList(Math.max(0, all.size() - depth), all.size());
                names.put(twins.get(i).id(), String.join(".", last) + "." + name);
            }
            if (new HashSet<>(names.values()).size() == twins.size()) {
                return names;
            }
        }
        return byId(twins); // two classes of one name in one file
    }

    /// Those that the module's name does not have already, outermost first.
    private static List<String> foldersAbove(LoadedCollector collector) {
        List<String> folders = new ArrayList<>();
        Path.of(collector.file()).iterator().forEachRemaining(part -> folders.add(part + ""));
        int own = collector.module().split("\\.", -1).length;
        return folders.subList(0, Math.max(0, folders.size() - own));
    }

    private static Map<String, String> byId(List<LoadedCollector> collectors) {
        Map<String, String> names = new LinkedHashMap<>();
        collectors.forEach(collector -> names.put(collector.id(), collector.id()));
        return names;
    }
}
