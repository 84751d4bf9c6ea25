package io.trapline;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/// The arrows between the packages; `docs/architecture.md` draws them.
class ArchitectureTest {
    private static final JavaClasses CLASSES =
            new ClassFileImporter()
                    .withImportOption(new ImportOption.DoNotIncludeTests())
                    .importPackages("io.trapline");

    @Test
    void packages_have_no_cycles() {
        slices().matching("io.trapline.(*)..").should().beFreeOfCycles().check(CLASSES);
    }

    @Test
    void the_model_depends_on_the_jdk_alone() {
        classes()
                .that()
                .resideInAPackage("io.trapline.model..")
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage("io.trapline.model..", "java..", "org.jspecify..")
                .check(CLASSES);
    }

    @Test
    void files_depend_on_the_jdk_alone() {
        classes()
                .that()
                .resideInAPackage("io.trapline.files..")
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage("io.trapline.files..", "java..", "org.jspecify..")
                .check(CLASSES);
    }

    @Test
    void config_uses_files_alone_of_ours() {
        noClasses()
                .that()
                .resideInAPackage("io.trapline.config..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "io.trapline",
                        "io.trapline.bridge..",
                        "io.trapline.collector..",
                        "io.trapline.ingest..",
                        "io.trapline.journal..",
                        "io.trapline.model..",
                        "io.trapline.pipeline..",
                        "io.trapline.store..",
                        "io.trapline.web..",
                        "io.trapline.cli..")
                .check(CLASSES);
    }

    @Test
    void only_the_bridge_knows_graal() {
        noClasses()
                .that()
                .resideOutsideOfPackage("io.trapline.bridge..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.graalvm..")
                .check(CLASSES);
    }

    @Test
    void only_git_sync_knows_jgit_and_its_ssh() {
        noClasses()
                .that()
                .resideOutsideOfPackage("io.trapline.gitsync..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.eclipse.jgit..", "org.apache.sshd..")
                .check(CLASSES);
    }

    @Test
    void git_sync_uses_the_configuration_alone_and_the_watcher_nothing_of_ours() {
        classes()
                .that()
                .resideInAPackage("io.trapline.gitsync..")
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(
                        "io.trapline.gitsync..",
                        "io.trapline.health..",
                        "io.trapline.config..",
                        "io.trapline.files..",
                        "java..",
                        "org.jspecify..",
                        "org.slf4j..",
                        "org.eclipse.jgit..",
                        "org.apache.sshd..",
                        "com.fasterxml.jackson..")
                .check(CLASSES);
        classes()
                .that()
                .resideInAPackage("io.trapline.reload..")
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(
                        "io.trapline.reload..",
                        "io.trapline.health..",
                        "java..",
                        "org.jspecify..",
                        "org.slf4j..")
                .check(CLASSES);
    }

    @Test
    void only_collectors_use_the_bridge() {
        noClasses()
                .that()
                .resideOutsideOfPackages(
                        "io.trapline", "io.trapline.bridge..", "io.trapline.collector..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("io.trapline.bridge..")
                .check(CLASSES);
    }

    @Test
    void only_the_wiring_and_the_command_line_know_the_agent() {
        noClasses()
                .that()
                .resideOutsideOfPackages("io.trapline", "io.trapline.cli..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("io.trapline")
                .check(CLASSES);
    }

    @Test
    void the_journal_sees_opaque_bytes() {
        noClasses()
                .that()
                .resideInAPackage("io.trapline.journal..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "io.trapline.model..", "io.trapline.pipeline..", "io.trapline.store..")
                .check(CLASSES);
    }

    @Test
    void only_the_wiring_and_the_listener_know_the_verification() {
        noClasses()
                .that()
                .resideOutsideOfPackages("io.trapline", "io.trapline.verify..", "io.trapline.web..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("io.trapline.verify..")
                .check(CLASSES);
        classes()
                .that()
                .resideInAPackage("io.trapline.verify..")
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(
                        "io.trapline.verify..",
                        "io.trapline.journal..",
                        "io.trapline.store..",
                        "io.trapline.forward..",
                        "java..",
                        "org.jspecify..")
                .check(CLASSES);
    }
}
