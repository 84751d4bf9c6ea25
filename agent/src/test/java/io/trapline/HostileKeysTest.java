package io.trapline;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import org.junit.jupiter.api.Test;

/// Texts with equal hashes are easily made. A hash map finds one of n such keys in log n steps when
/// the keys have an order, and looks at all of them when they have none.
class HostileKeysTest {
    /// Keys without an order whose texts nobody outside chooses, or of which there are few.
    private static final Set<String> HARMLESS =
            Set.of(
                    // a stream's number, which the store gives
                    "io.trapline.store.SameTimeRows.rows",
                    // a name of the configuration, set by the operator
                    "io.trapline.collector.Pauses.since",
                    // IPv4 addresses have hashes of their own; of IPv6 the first half counts
                    "io.trapline.ingest.AddressLimits$Window.counts",
                    // a data_id or a check, both registered
                    "io.trapline.ingest.SlidingRateLimiter.rings");

    private static List<Class<?>> classes() {
        List<Class<?>> all = new ArrayList<>();
        for (JavaClass each :
                new ClassFileImporter()
                        .withImportOption(new ImportOption.DoNotIncludeTests())
                        .importPackages("io.trapline")) {
            all.add(each.reflect());
        }
        return all;
    }

    @Test
    void keys_of_hash_maps_have_an_order() {
        List<String> found = new ArrayList<>();
        for (Class<?> each : classes()) {
            for (Field field : each.getDeclaredFields()) {
                if (field.getGenericType() instanceof ParameterizedType type
                        && isHashed((Class<?>) type.getRawType())
                        && !isOrdered(type.getActualTypeArguments()[0])) {
                    found.add(each.getName() + "." + field.getName());
                }
            }
        }
        found.removeAll(HARMLESS);
        assertThat(found).isEmpty();
    }

    private static boolean isHashed(Class<?> type) {
        return (Map.class.isAssignableFrom(type) || Set.class.isAssignableFrom(type))
                && !SortedMap.class.isAssignableFrom(type)
                && !SortedSet.class.isAssignableFrom(type)
                && !EnumMap.class.isAssignableFrom(type)
                && !IdentityHashMap.class.isAssignableFrom(type);
    }

    /// What has no `equals` of its own is told apart by identity, and its hash is not chosen.
    private static boolean isOrdered(Type key) {
        if (!(key instanceof Class<?> type)) {
            return key instanceof TypeVariable<?>;
        }
        try {
            return Comparable.class.isAssignableFrom(type)
                    || (type != Object.class
                            && type.getMethod("equals", Object.class).getDeclaringClass()
                                    == Object.class);
        } catch (NoSuchMethodException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void no_parser_of_json_keeps_names_from_one_document_to_the_next() throws Exception {
        List<String> found = new ArrayList<>();
        int seen = 0;
        for (Class<?> each : classes()) {
            if (each.getPackageName().equals("io.trapline.cli")) {
                continue; // one process, one operator
            }
            for (Field field : each.getDeclaredFields()) {
                if (!Modifier.isStatic(field.getModifiers())) {
                    continue;
                }
                JsonFactory factory = null;
                if (JsonFactory.class.isAssignableFrom(field.getType())) {
                    field.setAccessible(true);
                    factory = (JsonFactory) field.get(null);
                } else if (ObjectMapper.class.isAssignableFrom(field.getType())) {
                    field.setAccessible(true);
                    factory = ((ObjectMapper) field.get(null)).getFactory();
                }
                if (factory != null) {
                    seen++;
                    if (factory.isEnabled(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)) {
                        found.add(each.getName() + "." + field.getName());
                    }
                }
            }
        }
        assertThat(found).isEmpty();
        assertThat(seen).isGreaterThan(10);
    }
}
