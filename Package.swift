// swift-tools-version: 6.2
import PackageDescription

// Warnings are errors, and strict memory safety reports its findings as warnings: only the two
// together make `unsafe` binding.
let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
]

let argumentParser = Target.Dependency.product(
    name: "ArgumentParser",
    package: "swift-argument-parser"
)
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let serviceLifecycle = Target.Dependency.product(
    name: "ServiceLifecycle",
    package: "swift-service-lifecycle"
)
let unixSignals = Target.Dependency.product(
    name: "UnixSignals",
    package: "swift-service-lifecycle"
)
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let asyncHTTPClient = Target.Dependency.product(
    name: "AsyncHTTPClient",
    package: "async-http-client"
)
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let systemPackage = Target.Dependency.product(name: "SystemPackage", package: "swift-system")

/// Functions: no Foundation, no Glibc, no `await`, no `unsafe` (`Scripts/lint` proves it).
let pure: [Target] = [
    .target(name: "Addressing"),
    .target(name: "YAMLText"),
    .target(name: "ServiceModel", dependencies: ["Addressing"]),
    .target(name: "Routing", dependencies: ["Addressing", "ServiceModel"]),
    .target(name: "DataplaneModel", dependencies: ["Addressing"]),
    .target(name: "Iptables", dependencies: ["Addressing", "DataplaneModel"]),
    .target(
        name: "Planning",
        dependencies: ["Addressing", "ServiceModel", "Routing", "DataplaneModel"]
    ),
    .target(
        name: "KubeProxyLeftovers",
        dependencies: ["Addressing", "DataplaneModel", "Iptables"]
    ),
    .target(name: "OwnRemains", dependencies: ["Addressing", "DataplaneModel", "Iptables"]),
    .target(name: "NodeChecks", dependencies: ["Addressing", "DataplaneModel"]),
    .target(
        name: "Listing",
        dependencies: [
            "Addressing", "ServiceModel", "Routing", "DataplaneModel", "Planning",
            "KubeProxyLeftovers", "OwnRemains", "NodeChecks",
        ]
    ),
    .target(name: "KubernetesWatch", dependencies: ["ServiceModel"]),
    .target(
        name: "Reconciliation",
        dependencies: ["Addressing", "ServiceModel", "Routing", "DataplaneModel", "Planning"]
    ),
    .target(
        name: "Measurements",
        dependencies: [
            "Addressing", "ServiceModel", "Routing", "DataplaneModel", "Planning",
            "Reconciliation",
        ]
    ),
]

/// Devices: everything that touches files, sockets or the kernel.
let devices: [Target] = [
    .systemLibrary(
        name: "CNetlink",
        pkgConfig: "libnl-genl-3.0",
        providers: [.apt(["libnl-3-dev", "libnl-genl-3-dev"])]
    ),
    .systemLibrary(
        name: "CIPSet",
        pkgConfig: "libipset",
        providers: [.apt(["libipset-dev"])]
    ),
    .systemLibrary(name: "CHost"),
    .target(name: "Netlink", dependencies: ["CNetlink"]),
    .target(
        name: "LinuxDataplane",
        dependencies: [
            "Addressing", "DataplaneModel", "Iptables", "KubeProxyLeftovers", "OwnRemains",
            "NodeChecks", "Netlink", "CNetlink", "CIPSet", "CHost", subprocess, systemPackage,
        ]
    ),
    .target(
        name: "Manifests",
        dependencies: ["Addressing", "ServiceModel", "YAMLText", "Yams"]
    ),
    .target(name: "Settings", dependencies: ["Addressing", "ServiceModel", "YAMLText", "Yams"]),
    .target(
        name: "DirectorySource",
        dependencies: ["ServiceModel", "Manifests", logging, systemPackage]
    ),
    .target(
        name: "KubernetesClient",
        dependencies: [
            asyncHTTPClient, nioCore, nioHTTP1, nioPosix, nioSSL, subprocess, systemPackage,
            logging, "YAMLText", "Yams",
        ]
    ),
    .target(
        name: "KubernetesSource",
        dependencies: [
            "ServiceModel", "Manifests", "KubernetesWatch", "KubernetesClient", logging,
        ]
    ),
    .target(
        name: "ListeningSockets",
        dependencies: ["Addressing", nioCore, nioPosix, systemPackage, logging]
    ),
    .target(
        name: "StatusServer",
        dependencies: ["ListeningSockets", nioCore, nioHTTP1, logging]
    ),
    .target(
        name: "HealthChecks",
        dependencies: [
            "Addressing", "ServiceModel", "Routing", "ListeningSockets", "StatusServer", nioCore,
            logging,
        ]
    ),
    .target(
        name: "LoopbackRelay",
        dependencies: ["Addressing", "ListeningSockets", nioCore, nioPosix, logging]
    ),
    .target(name: "ControlSocket", dependencies: [logging, nioCore, nioPosix, nioHTTP1]),
    .target(name: "LogOutput", dependencies: [logging, systemPackage]),
    .target(
        name: "Daemon",
        dependencies: [
            "Addressing", "ServiceModel", "Routing", "DataplaneModel", "Iptables", "Planning",
            "Reconciliation", "Settings", "DirectorySource", "LinuxDataplane", "Listing",
            "HealthChecks", "LoopbackRelay", "ControlSocket", "ListeningSockets", "Measurements",
            "StatusServer", logging, serviceLifecycle, unixSignals,
        ]
    ),
    .executableTarget(
        name: "fairlead",
        dependencies: [
            "Addressing", "ServiceModel", "DataplaneModel", "Planning", "KubeProxyLeftovers",
            "OwnRemains", "NodeChecks", "Daemon", "Listing", "LinuxDataplane", "Settings",
            "DirectorySource",
            "KubernetesClient", "KubernetesSource", "ControlSocket", "LogOutput", argumentParser,
            logging, serviceLifecycle, unixSignals, systemPackage,
        ]
    ),
]

/// What tests are made of: the kernel as a value, the suite that it and the real kernel pass, and a
/// network of namespaces with clients and servers.
let testSupport: [Target] = [
    .target(
        name: "SimulatedDataplane",
        dependencies: ["Addressing", "DataplaneModel"],
        path: "Tests/SimulatedDataplane"
    ),
    .target(
        name: "DataplaneConformance",
        dependencies: ["Addressing", "DataplaneModel"],
        path: "Tests/DataplaneConformance"
    ),
    .target(
        name: "PacketTracer",
        dependencies: ["Addressing", "DataplaneModel"],
        path: "Tests/PacketTracer"
    ),
    .target(name: "TestSupport", path: "Tests/TestSupport"),
    .target(
        name: "FaultInjection",
        dependencies: ["TestSupport", "Addressing", "ServiceModel", "DataplaneModel"],
        path: "Tests/FaultInjection"
    ),
    .target(
        name: "PacketMatrix",
        dependencies: ["Addressing", "ServiceModel"],
        path: "Tests/PacketMatrix"
    ),
    .target(
        name: "SocketTestSupport",
        dependencies: ["Addressing", "ListeningSockets", nioCore, nioPosix, logging],
        path: "Tests/SocketTestSupport"
    ),
    .target(
        name: "ScriptedAPI",
        dependencies: [nioCore, nioHTTP1, nioPosix],
        path: "Tests/ScriptedAPI"
    ),
    .target(
        name: "FuzzTargets",
        dependencies: [
            "TestSupport", "Addressing", "ServiceModel", "DataplaneModel", "Iptables",
            "KubeProxyLeftovers", "NodeChecks", "Listing", "Netlink", "LinuxDataplane",
            "Manifests", "Settings", "KubernetesWatch", "KubernetesClient", "ControlSocket",
            "StatusServer",
            systemPackage,
        ],
        path: "Tests/FuzzTargets"
    ),
    .systemLibrary(name: "CNetworkLab", path: "Tests/CNetworkLab"),
    .target(
        name: "NetworkLab",
        dependencies: ["Addressing", "PacketMatrix", "CNetworkLab"],
        path: "Tests/NetworkLab"
    ),
]

/// Programs that are no part of the product.
let tools: [Target] = [
    .executableTarget(
        name: "PurityProbe",
        dependencies: [
            "Addressing", "ServiceModel", "Routing", "DataplaneModel", "Iptables", "Planning",
            "KubeProxyLeftovers", "OwnRemains", "NodeChecks", "Listing", "Reconciliation",
            "KubernetesWatch", "Measurements", "YAMLText",
        ],
        path: "Tests/PurityProbe"
    ),
    .executableTarget(
        name: "Benchmark",
        dependencies: [
            "Addressing", "ServiceModel", "DataplaneModel", "Planning", "Reconciliation",
            "Iptables", "LinuxDataplane", "Measurements", "Netlink", "NetworkLab", "ScriptedAPI",
            argumentParser,
        ],
        path: "Tests/Benchmark"
    ),
    .executableTarget(
        name: "FaultTrials",
        dependencies: [
            "TestSupport", "FaultInjection", "Addressing", "ServiceModel", "Routing",
            "DataplaneModel", "Planning", "Reconciliation", "LinuxDataplane", "Settings",
            "DirectorySource", "Daemon", "NetworkLab", "CNetworkLab", argumentParser, logging,
            systemPackage,
        ],
        path: "Tests/FaultTrials"
    ),
]

let tests: [Target] = [
    .testTarget(
        name: "SettingsTests",
        dependencies: ["TestSupport", "Addressing", "ServiceModel", "Settings"]
    ),
    .testTarget(name: "AddressingTests", dependencies: ["TestSupport", "Addressing"]),
    .testTarget(
        name: "ServiceModelTests",
        dependencies: ["TestSupport", "Addressing", "ServiceModel"]
    ),
    .testTarget(
        name: "RoutingTests",
        dependencies: ["TestSupport", "Addressing", "ServiceModel", "Routing"]
    ),
    .testTarget(
        name: "ListingTests",
        dependencies: [
            "TestSupport", "Addressing", "ServiceModel", "Routing", "DataplaneModel", "Planning",
            "Listing",
        ]
    ),
    .testTarget(
        name: "KubeProxyLeftoversTests",
        dependencies: [
            "TestSupport", "Addressing", "DataplaneModel", "KubeProxyLeftovers", "Listing",
        ]
    ),
    .testTarget(
        name: "OwnRemainsTests",
        dependencies: [
            "TestSupport", "Addressing", "DataplaneModel", "Iptables", "OwnRemains", "Listing",
        ]
    ),
    .testTarget(
        name: "IptablesTests",
        dependencies: ["TestSupport", "Addressing", "DataplaneModel", "Iptables"]
    ),
    .testTarget(
        name: "NodeChecksTests",
        dependencies: ["Addressing", "DataplaneModel", "NodeChecks", "Listing"]
    ),
    .testTarget(name: "NetlinkTests", dependencies: ["TestSupport", "Netlink"]),
    .testTarget(name: "CIPSetTests", dependencies: ["CIPSet"]),
    .testTarget(
        name: "ManifestsTests",
        dependencies: ["Addressing", "ServiceModel", "Manifests"]
    ),
    .testTarget(
        name: "DirectorySourceTests",
        dependencies: [
            "Addressing", "ServiceModel", "Manifests", "DirectorySource", logging, systemPackage,
        ]
    ),
    .testTarget(
        name: "PlanningTests",
        dependencies: [
            "TestSupport",
            "Addressing", "ServiceModel", "Routing", "DataplaneModel", "Planning",
            "SimulatedDataplane", "DataplaneConformance",
        ]
    ),
    .testTarget(
        name: "ReconciliationTests",
        dependencies: [
            "TestSupport",
            "Addressing", "ServiceModel", "Routing", "DataplaneModel", "Planning",
            "Reconciliation", "SimulatedDataplane", "PacketTracer", "FaultInjection",
        ]
    ),
    .testTarget(
        name: "PacketMatrixTests",
        dependencies: [
            "Addressing", "ServiceModel", "Routing", "DataplaneModel", "Planning",
            "Reconciliation", "SimulatedDataplane", "PacketMatrix", "PacketTracer",
        ]
    ),
    .testTarget(
        name: "LinuxDataplaneTests",
        dependencies: [
            "TestSupport", "Addressing", "DataplaneModel", "LinuxDataplane", "Netlink",
        ]
    ),
    .testTarget(
        name: "HealthChecksTests",
        dependencies: [
            "SocketTestSupport", "Addressing", "ServiceModel", "Routing", "ListeningSockets",
            "HealthChecks",
        ]
    ),
    .testTarget(
        name: "MeasurementsTests",
        dependencies: [
            "TestSupport", "Addressing", "ServiceModel", "Routing", "DataplaneModel",
            "Reconciliation", "Measurements",
        ]
    ),
    .testTarget(
        name: "DaemonTests",
        dependencies: [
            "TestSupport", "SocketTestSupport", "Addressing", "ServiceModel", "DataplaneModel",
            "Reconciliation", "Settings", "StatusServer", "Measurements", "Listing", "Daemon",
            nioCore,
            logging,
        ]
    ),
    .testTarget(
        name: "StatusServerTests",
        dependencies: [
            "SocketTestSupport", "Addressing", "ListeningSockets", "StatusServer",
        ]
    ),
    .testTarget(
        name: "LoopbackRelayTests",
        dependencies: [
            "SocketTestSupport", "Addressing", "ListeningSockets", "LoopbackRelay", nioCore,
        ]
    ),
    .testTarget(
        name: "KubernetesClientTests",
        dependencies: [
            "SocketTestSupport", "KubernetesClient", nioCore, nioPosix, nioSSL, systemPackage,
        ]
    ),
    .testTarget(
        name: "KubernetesWatchTests",
        dependencies: ["TestSupport", "ServiceModel", "KubernetesWatch"]
    ),
    .testTarget(
        name: "KubernetesSourceTests",
        dependencies: [
            "TestSupport", "Addressing", "ServiceModel", "Manifests", "KubernetesWatch",
            "KubernetesClient", "KubernetesSource", "SocketTestSupport", "ScriptedAPI", logging,
        ]
    ),
    .testTarget(name: "YAMLTextTests", dependencies: ["YAMLText"]),
    .testTarget(name: "FuzzTests", dependencies: ["TestSupport", "FuzzTargets"]),
    .testTarget(name: "LogOutputTests", dependencies: ["LogOutput", logging, systemPackage]),
    .testTarget(
        name: "KernelTests",
        dependencies: [
            "TestSupport", "Addressing", "ServiceModel", "Routing", "DataplaneModel", "Planning",
            "Listing",
            "Reconciliation", "LinuxDataplane", "DataplaneConformance", "PacketMatrix",
            "NetworkLab",
        ],
        path: "Tests/Kernel"
    ),
]

/// Needs what `Scripts/fuzz` builds with, so no other build has it.
let fuzzing: [Target] =
    Context.environment["FAIRLEAD_FUZZING"] == nil
    ? []
    : [
        .executableTarget(
            name: "Fuzzer",
            dependencies: ["FuzzTargets", systemPackage],
            path: "Tests/Fuzzer"
        )
    ]

let package = Package(
    name: "fairlead",
    products: [.executable(name: "fairlead", targets: ["fairlead"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        // Without traits: its default trait pulls in all of Foundation.
        .package(
            url: "https://github.com/swiftlang/swift-subprocess",
            from: "1.0.2",
            traits: []
        ),
    ],
    targets: pure + devices + testSupport + tools + fuzzing + tests,
    swiftLanguageModes: [.v6]
)

for target in package.targets where target.type != .system {
    target.swiftSettings = settings
}
