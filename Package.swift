// swift-tools-version: 6.2
import PackageDescription

// Swift 6 language mode, warnings as errors, and the upcoming features every target shares.
// `Lifetimes` lets `ByteReader` borrow the bytes it reads instead of copying them.
let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableExperimentalFeature("Lifetimes"),
]

let log = Target.Dependency.product(name: "Logging", package: "swift-log")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let grdbSQLite = Target.Dependency.product(name: "GRDBSQLite", package: "GRDB.swift")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let jwtKit = Target.Dependency.product(name: "JWTKit", package: "jwt-kit")
let grpc = Target.Dependency.product(name: "GRPCCore", package: "grpc-swift-2")
let grpcTransport = Target.Dependency.product(
  name: "GRPCNIOTransportHTTP2Posix", package: "grpc-swift-nio-transport")
let grpcProtobuf = Target.Dependency.product(name: "GRPCProtobuf", package: "grpc-swift-protobuf")
let protobuf = Target.Dependency.product(name: "SwiftProtobuf", package: "swift-protobuf")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")

/// A library target: what it imports stands above it in the list below.
func library(
  _ name: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = []
) -> Target {
  .target(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: settings)
}

func program(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .executableTarget(
    name: name, dependencies: dependencies + [arguments], swiftSettings: settings)
}

func tests(
  _ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []
) -> Target {
  .testTarget(
    name: name + "Tests", dependencies: dependencies + ["TestSupport"], exclude: exclude,
    swiftSettings: settings)
}

let package = Package(
  name: "paywatch",
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0", traits: []),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/grpc/grpc-swift-2", from: "2.4.3"),
    .package(url: "https://github.com/grpc/grpc-swift-nio-transport", from: "2.9.2"),
    .package(url: "https://github.com/grpc/grpc-swift-protobuf", from: "2.4.1"),
    .package(
      url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.1"),
  ],
  targets: [
    // C libraries: each is wrapped by exactly one Swift target.
    .systemLibrary(name: "CSecp256k1", pkgConfig: "libsecp256k1"),
    .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto"),
    .systemLibrary(name: "CCacheLine"),
    .systemLibrary(name: "CLibcurl", pkgConfig: "libcurl"),
    .target(name: "CCurl", dependencies: ["CLibcurl"]),
    .systemLibrary(name: "CQREncode", pkgConfig: "libqrencode"),
    .systemLibrary(name: "CPostgres", pkgConfig: "libpq"),
    .systemLibrary(name: "CHiredis", pkgConfig: "hiredis"),
    .systemLibrary(name: "CKafka", pkgConfig: "rdkafka"),
    // Not a library's wrapper: counts for `paycount`.
    .target(name: "CCounting"),
    .target(name: "CKeccak"),

    // Pure: values without I/O, time or randomness.
    library("Bytes"),
    library("JSON"),
    library("Digests", ["COpenSSL", "CKeccak", "Bytes"]),
    library("ChainTypes", ["Bytes"]),
    library("Addresses", ["Bytes", "Digests", "ChainTypes"]),
    library("CurvePoints", ["Bytes"]),
    library(
      "Keys",
      ["CSecp256k1", "Bytes", "Digests", "ChainTypes", "Addresses", "CurvePoints"]),
    library("Bitcoin", ["CCacheLine", "Bytes", "Digests", "ChainTypes", "Addresses", "Keys"]),
    library("Ethereum", ["Bytes", "Digests", "ChainTypes", "Addresses", "Keys"]),
    library("ChainTracking", ["CCacheLine", "Bytes", "ChainTypes"]),
    library("Payments", ["Bytes", "ChainTypes"]),
    library(
      "Payouts",
      ["Bytes", "JSON", "ChainTypes", "Addresses", "Keys", "Bitcoin", "Ethereum", "Payments"]),
    library("Messages", ["Bytes", "JSON", "ChainTypes"]),

    // The shell: sockets, disks, tasks.
    library("LocalServers"),
    library(
      "Scanning",
      ["Bytes", "ChainTypes", "Addresses", "Bitcoin", "Ethereum", "ChainTracking"]),
    library("Settings", ["Bytes", "JSON", "ChainTypes", "Addresses", "Keys", "Messages", yams]),
    library("HTTPClient", ["CCurl"]),
    library("QRCode", ["CQREncode"]),
    library("Telemetry", ["JSON", log]),
    library("Cache", ["CHiredis", "ChainTypes", "Telemetry"]),
    library("Database"),
    library("SQLite", ["Database", grdb, grdbSQLite]),
    library("PostgreSQL", ["CPostgres", "Database"]),
    library("Leases", ["Database"]),
    library("NodeRPC", ["Bytes", "JSON", "ChainTypes", "Addresses", "HTTPClient", "Telemetry"]),
    library(
      "EventLog",
      ["Bytes", "JSON", "Digests", "ChainTypes", "Telemetry", "Database", "Leases"]),
    library("Kafka", ["CKafka", "Bytes", "EventLog"]),
    library(
      "Aggregates",
      ["Bytes", "Digests", "ChainTypes", "Payments", "Cache", "Database", "EventLog"]),
    library("Audit", ["Bytes", "JSON", "Digests", "ChainTypes", "Database", "Aggregates"]),
    library(
      "Watching",
      [
        "Bytes", "Digests", "ChainTypes", "Addresses", "Bitcoin", "Ethereum", "ChainTracking",
        "NodeRPC",
      ]),
    library(
      "Settlement",
      [
        "Bytes", "JSON", "Digests", "ChainTypes", "Addresses", "Keys", "Bitcoin", "Ethereum",
        "ChainTracking", "Payments", "Payouts", "Database", "Leases", "NodeRPC", "EventLog",
        "Aggregates", "Audit", "Watching",
      ]),
    library(
      "Backups",
      ["Bytes", "Digests", "Database", "SQLite", "PostgreSQL", "Aggregates", "Settlement"]),
    library("Tenancy", ["Bytes", "Digests", "ChainTypes", "Database"]),
    library("Tokens", ["Bytes", "JSON", "ChainTypes", "Tenancy", jwtKit]),
    library("TokenIssuing", ["Bytes", "JSON", "ChainTypes", "Tenancy", "Tokens", jwtKit]),
    library(
      "HTTPServer",
      [
        "Bytes", "JSON", "Digests", "ChainTypes", "Telemetry", "Cache", "Database", "EventLog",
        "Tenancy", "Tokens", "Audit", log, hummingbird, nioCore, nioPosix, hummingbirdCore,
        httpTypes,
      ]),
    library(
      "Prices",
      [
        "Bytes", "JSON", "Digests", "ChainTypes", "Addresses", "Payments", "HTTPClient", "Database",
        "EventLog", "Aggregates", "Settlement", "Tenancy", "HTTPServer", hummingbird, httpTypes,
      ]),
    library(
      "Gateway",
      [
        "Bytes", "JSON", "Digests", "ChainTypes", "Payments", "QRCode", "Database", "EventLog",
        "Audit", "Settlement", "Tenancy", "HTTPServer", "Prices", hummingbird, httpTypes,
      ]),
    library(
      "Supply",
      [
        "JSON", "ChainTypes", "Cache", "Database", "EventLog", "Aggregates", "Audit", "Tenancy",
        "HTTPServer", hummingbird, httpTypes,
      ]),
    library(
      "Orders",
      [
        "Bytes", "JSON", "ChainTypes", "Addresses", "Payments", "Cache", "Database", "EventLog",
        "Aggregates", "Audit", "Settlement", "Tenancy", "HTTPServer", "Prices", "Supply",
        hummingbird, httpTypes,
      ]),

    library(
      "Notifications",
      [
        "Bytes", "JSON", "Digests", "ChainTypes", "HTTPClient", "Database", "EventLog",
        "Aggregates", "Audit", "Tenancy", "HTTPServer", hummingbird, httpTypes,
      ]),
    library(
      "CustomerMessages",
      [
        "Bytes", "JSON", "ChainTypes", "Payments", "Messages", "HTTPClient", "Database", "EventLog",
        "Aggregates", "Settlement", "Tenancy", "Audit", "HTTPServer", "Orders", "Notifications",
        hummingbird, httpTypes,
      ]),
    library(
      "Claiming",
      [
        "Bytes", "JSON", "Digests", "ChainTypes", "QRCode", "Cache", "Database", "EventLog",
        "Aggregates", "Audit", "Tenancy", "HTTPServer", hummingbird, httpTypes,
      ]),
    library(
      "ServiceCalls",
      [
        "Bytes", "Digests", "ChainTypes", "Payments", "Telemetry", "Database", "Prices", "Supply",
        "Orders", grpc, grpcTransport, grpcProtobuf, protobuf, nioCore,
      ], exclude: ["Protocols", "generate.sh"]),

    // What a configuration makes of these: for the programs, so that none of the above needs files.
    library(
      "Deployment",
      [
        "Bytes", "ChainTypes", "Bitcoin", "Payments", "Settings", "HTTPClient", "Telemetry",
        "Cache", "Database", "SQLite", "PostgreSQL", "Leases", "NodeRPC", "EventLog", "Kafka",
        "Audit", "Watching", "Settlement", "Tenancy", "Tokens", "Prices", "Supply", "Orders",
        "Notifications", "CustomerMessages", "Claiming", "ServiceCalls",
      ]),

    // Simulated chains, and the whole pipeline on them under a seed.
    library(
      "ChainSim",
      [
        "Bytes", "JSON", "Digests", "ChainTypes", "Addresses", "Keys", "Bitcoin", "Ethereum",
        "NodeRPC", log, hummingbird, nioCore, httpTypes,
      ]),
    library(
      "Simulation",
      [
        "Bytes", "JSON", "Digests", "ChainTypes", "Addresses", "Keys", "Bitcoin", "Ethereum",
        "ChainTracking", "Payments", "Database", "SQLite", "NodeRPC", "EventLog", "Aggregates",
        "Watching", "Settlement", "Tenancy", "HTTPServer", "Supply", "Orders", "Messages",
        "HTTPClient", "Notifications", "CustomerMessages", "Claiming", "Deployment", "ChainSim",
      ]),

    // What signs, and never runs on a server.
    library(
      "Signing",
      [
        "Bytes", "JSON", "Digests", "ChainTypes", "Addresses", "Keys", "Bitcoin", "Ethereum",
        "Payments", "Payouts", "Settings",
      ]),

    // Programs.
    program(
      "paywatch",
      [
        "Bytes", "JSON", "ChainTypes", "Addresses", "Keys", "Bitcoin", "Ethereum", "ChainTracking",
        "Payments", "LocalServers", "Settings", "HTTPClient", "Telemetry", "Cache", "Database",
        "PostgreSQL", "Leases", "NodeRPC", "EventLog", "Kafka", "Aggregates", "Watching",
        "Settlement", "Tenancy", "Tokens", "HTTPServer", "Prices", "Gateway", "Supply", "Orders",
        "Deployment", "ChainSim", "Notifications", "CustomerMessages", "Claiming", "ServiceCalls",
        log, hummingbird, httpTypes,
      ]),
    program(
      "payctl",
      [
        "Bytes", "JSON", "Digests", "ChainTypes", "Addresses", "Keys", "Bitcoin", "Ethereum",
        "ChainTracking", "Payments", "Payouts", "Scanning", "Settings", "HTTPClient", "Cache",
        "Database", "SQLite", "PostgreSQL", "NodeRPC", "EventLog", "Kafka", "Aggregates",
        "Watching", "Audit", "Settlement", "Backups", "Tenancy", "Tokens", "TokenIssuing",
        "Prices", "Supply", "Orders", "Notifications", "Deployment", "Signing", "Claiming",
      ]),
    program(
      "paybench",
      [
        "Bytes", "JSON", "Digests", "ChainTypes", "Addresses", "Keys", "Bitcoin", "Ethereum",
        "ChainTracking", "Payments", "LocalServers", "HTTPClient", "Telemetry", "Database",
        "SQLite", "PostgreSQL", "NodeRPC", "EventLog", "Kafka", "Watching", "Settlement", "Tenancy",
        "Tokens", "TokenIssuing", "HTTPServer", "Gateway", "Deployment", "ChainSim", log,
        hummingbird, nioCore,
      ]),
    program(
      "paycount",
      [
        "CCounting", "Bytes", "JSON", "Digests", "ChainTypes", "Addresses", "Keys", "Bitcoin",
        "Ethereum", "ChainTracking", "Payments", "EventLog",
      ]),
    program("chainsim", ["ChainTypes", "NodeRPC", "ChainSim"]),

    // Tests, and what they share.
    .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: settings),
    .target(
      name: "LoopbackHTTP",
      dependencies: ["JSON", "ChainTypes", "Telemetry", "HTTPServer", log],
      path: "Tests/LoopbackHTTP", swiftSettings: settings),
    .target(
      name: "SchemaChecking",
      dependencies: ["JSON", "EventLog", "TestSupport"],
      path: "Tests/SchemaChecking", swiftSettings: settings),
    .target(
      name: "TestDatabases",
      dependencies: ["LocalServers", "Database", "SQLite", "PostgreSQL", "TestSupport"],
      path: "Tests/TestDatabases", swiftSettings: settings),
    .target(
      name: "GatewayFixtures",
      dependencies: [
        "Bytes", "JSON", "Digests", "ChainTypes", "Addresses", "Keys", "Bitcoin", "ChainTracking",
        "Telemetry", "Database", "EventLog", "Watching", "Settlement", "Tenancy", "Tokens",
        "TokenIssuing", "HTTPServer", "Prices", "Gateway", "Deployment", "LoopbackHTTP",
        "TestDatabases", "TestSupport",
      ],
      path: "Tests/GatewayFixtures", swiftSettings: settings),
    tests("Bytes", ["Bytes"]),
    tests("JSON", ["JSON"]),
    tests("Digests", ["Bytes", "Digests"]),
    tests("Addresses", ["Bytes", "ChainTypes", "Addresses"]),
    tests("CurvePoints", ["Bytes", "Digests", "CurvePoints", "Keys"]),
    tests("Keys", ["Bytes", "Digests", "ChainTypes", "Addresses", "CurvePoints", "Keys"]),
    tests("Ethereum", ["Bytes", "JSON", "Digests", "ChainTypes", "Addresses", "Keys", "Ethereum"]),
    tests("Bitcoin", ["Bytes", "Digests", "ChainTypes", "Addresses", "Keys", "Bitcoin"]),
    tests("ChainTracking", ["Bytes", "Digests", "ChainTypes", "ChainTracking"]),
    tests("Payments", ["Bytes", "ChainTypes", "Payments"]),
    tests(
      "Payouts",
      ["Bytes", "JSON", "ChainTypes", "Addresses", "Keys", "Ethereum", "Payments", "Payouts"]),
    tests("Messages", ["Bytes", "JSON", "ChainTypes", "Messages"]),
    tests(
      "Signing",
      [
        "Bytes", "JSON", "Digests", "ChainTypes", "Addresses", "Keys", "Bitcoin", "Ethereum",
        "Payments", "Payouts", "Settings", "Signing",
      ]),
    tests("Settings", ["Bytes", "ChainTypes", "Addresses", "Keys", "Messages", "Settings"]),
    tests("QRCode", ["QRCode"]),
    tests(
      "HTTPClient",
      ["Bytes", "JSON", "ChainTypes", "Messages", "LocalServers", "HTTPClient", "LoopbackHTTP"]),
    tests("Telemetry", ["Telemetry", log]),
    tests("LocalServers", ["JSON", "LocalServers", "HTTPClient"]),
    tests("Cache", ["ChainTypes", "LocalServers", "Telemetry", "Cache"]),
    tests("PostgreSQL", ["LocalServers", "Database", "PostgreSQL", "TestDatabases"]),
    tests("Leases", ["Database", "SQLite", "Leases", "TestDatabases"]),
    tests(
      "Kafka",
      [
        "Bytes", "Digests", "ChainTypes", "Telemetry", "Database", "EventLog", "Kafka",
        "TestDatabases",
      ]),
    tests("Database", ["Database", "SQLite", "TestDatabases"]),
    tests(
      "NodeRPC",
      [
        "Bytes", "JSON", "Digests", "ChainTypes", "Addresses", "Ethereum", "LocalServers",
        "HTTPClient", "Telemetry", "NodeRPC", "LoopbackHTTP",
      ]),
    tests(
      "EventLog",
      [
        "Bytes", "JSON", "Digests", "ChainTypes", "Telemetry", "Database", "SQLite", "EventLog",
        "TestDatabases",
      ]),
    tests(
      "Tokens", ["Bytes", "JSON", "ChainTypes", "Tenancy", "Tokens", "TokenIssuing"]),
    tests(
      "Audit",
      ["Bytes", "JSON", "Digests", "ChainTypes", "Database", "Audit", "TestDatabases"]),
    tests(
      "Backups",
      [
        "Bytes", "ChainTypes", "Addresses", "Keys", "ChainTracking", "Payments", "LocalServers",
        "Database", "SQLite", "PostgreSQL", "Leases", "EventLog", "Watching", "Settlement",
        "Backups", "Tenancy", "TestDatabases",
      ]),
    tests(
      "Settlement",
      [
        "Bytes", "JSON", "Digests", "ChainTypes", "Addresses", "Keys", "Bitcoin", "Ethereum",
        "ChainTracking", "Payments", "Payouts", "LocalServers", "Settings", "HTTPClient",
        "Database",
        "SQLite", "Leases", "NodeRPC", "EventLog", "Aggregates", "Watching", "Settlement",
        "Deployment", "ChainSim", "SchemaChecking", "TestDatabases", "payctl",
      ]),
    tests(
      "HTTPServer",
      [
        "JSON", "ChainTypes", "Telemetry", "Cache", "Database", "Tenancy", "HTTPServer",
        "LoopbackHTTP", "TestDatabases", log, hummingbird, nioCore, httpTypes,
      ]),
    tests(
      "Gateway",
      [
        "Bytes", "JSON", "Digests", "ChainTypes", "Addresses", "Keys", "Bitcoin", "Ethereum",
        "Payments", "Payouts", "QRCode", "Database", "Settlement", "Tenancy", "HTTPServer",
        "LoopbackHTTP", "SchemaChecking", "TestDatabases", "GatewayFixtures",
      ]),
    tests(
      "Aggregates", ["ChainTypes", "Database", "EventLog", "Aggregates", "TestDatabases"]),
    tests(
      "Supply",
      [
        "JSON", "ChainTypes", "Database", "EventLog", "Aggregates", "HTTPServer", "Supply",
        "Deployment", "LoopbackHTTP", "SchemaChecking", "TestDatabases", "GatewayFixtures",
      ]),
    tests(
      "Prices",
      [
        "Bytes", "JSON", "ChainTypes", "Database", "EventLog", "HTTPClient", "HTTPServer",
        "Settings", "Settlement", "Prices", "Deployment", "LoopbackHTTP", "SchemaChecking",
        "TestDatabases", "GatewayFixtures",
      ]),
    tests(
      "Orders",
      [
        "Bytes", "JSON", "Digests", "ChainTypes", "LocalServers", "Cache", "Database", "EventLog",
        "Aggregates", "Settlement", "HTTPServer", "Supply", "Orders", "LoopbackHTTP",
        "SchemaChecking",
        "TestDatabases", "GatewayFixtures",
      ]),
    tests(
      "Access",
      [
        "Bytes", "JSON", "ChainTypes", "Database", "Audit", "Settlement", "Tenancy", "TokenIssuing",
        "HTTPServer", "Supply", "Orders", "LoopbackHTTP", "SchemaChecking", "TestDatabases",
        "GatewayFixtures",
      ]),
    tests(
      "Notifications",
      [
        "JSON", "ChainTypes", "HTTPClient", "Database", "Leases", "EventLog", "Aggregates",
        "HTTPServer", "Notifications", "Deployment", "LoopbackHTTP", "SchemaChecking",
        "TestDatabases", "GatewayFixtures",
      ]),
    tests(
      "CustomerMessages",
      [
        "Bytes", "JSON", "ChainTypes", "LocalServers", "Messages", "HTTPClient", "Database",
        "EventLog",
        "Settlement", "HTTPServer", "Supply", "Orders", "Notifications", "CustomerMessages",
        "Deployment", "LoopbackHTTP", "TestDatabases", "GatewayFixtures",
      ]),
    tests(
      "Claiming",
      [
        "Bytes", "JSON", "ChainTypes", "Cache", "Database", "EventLog", "Aggregates", "HTTPServer",
        "Supply", "Orders", "Claiming", "Deployment", "LoopbackHTTP", "SchemaChecking",
        "TestDatabases", "GatewayFixtures",
      ]),
    tests(
      "ServiceCalls",
      [
        "Bytes", "JSON", "ChainTypes", "Payments", "LocalServers", "Telemetry", "Database",
        "EventLog", "Aggregates", "Settlement", "Prices", "Supply", "Orders", "ServiceCalls",
        "Deployment", "LoopbackHTTP", "TestDatabases", "GatewayFixtures", grpc, grpcTransport,
        protobuf,
      ], exclude: ["Probe"]),
    tests(
      "ChainSim",
      [
        "Bytes", "JSON", "ChainTypes", "Addresses", "Bitcoin", "Ethereum", "HTTPClient", "NodeRPC",
        "ChainSim",
      ]),
    tests(
      "Watching",
      [
        "Bytes", "Digests", "ChainTypes", "Addresses", "Bitcoin", "Ethereum", "ChainTracking",
        "Payments", "Database", "NodeRPC", "Watching", "Settlement", "ChainSim", "Simulation",
        "TestDatabases",
      ]),
    tests(
      "Simulation",
      [
        "Bytes", "JSON", "Digests", "ChainTypes", "Addresses", "Keys", "Bitcoin", "Payments",
        "Payouts", "HTTPClient", "Database", "EventLog", "NodeRPC", "Watching", "Settlement",
        "ChainSim", "Simulation", "TestDatabases", "payctl",
      ]),
    tests(
      "payctl",
      [
        "Bytes", "JSON", "ChainTypes", "Addresses", "Keys", "Bitcoin", "Ethereum", "ChainTracking",
        "Payments", "Payouts", "Settings", "HTTPClient", "Database", "SQLite", "NodeRPC",
        "EventLog", "Kafka", "Watching", "Settlement", "Tenancy", "Deployment", "ChainSim",
        "Simulation", "payctl", "Tokens", "TestDatabases",
      ]),
    tests(
      "Deployment",
      [
        "LocalServers", "Database", "PostgreSQL", "EventLog", "Settlement", "Deployment",
        "TestDatabases",
      ]),
    tests(
      "paywatch",
      [
        "JSON", "Digests", "ChainTypes", "Addresses", "Keys", "Bitcoin", "LocalServers", "Database",
        "SQLite",
        "PostgreSQL", "Leases", "NodeRPC", "EventLog", "Kafka", "Tenancy", "Tokens",
        "TokenIssuing",
        "ChainSim",
        "LoopbackHTTP", "SchemaChecking", "paywatch", "payctl",
      ]),
    tests(
      "paybench", ["JSON", "LoopbackHTTP", "SchemaChecking", "paybench", "paycount"],
      exclude: ["thresholds.json"]),
    tests("Tidy", []),
  ]
)
