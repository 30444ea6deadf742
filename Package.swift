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

let secp256k1: Target.Dependency = "CSecp256k1"
let log = Target.Dependency.product(name: "Logging", package: "swift-log")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")

/// A library target; what it imports stands above it in the list below.
func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func program(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .executableTarget(
    name: name, dependencies: dependencies + [arguments], swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(
    name: name + "Tests", dependencies: dependencies + ["TestSupport"], swiftSettings: settings)
}

let package = Package(
  name: "paywatch",
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(
      url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    // C libraries: each is wrapped by exactly one Swift target.
    .systemLibrary(name: "CSecp256k1", pkgConfig: "libsecp256k1"),
    .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto"),
    .systemLibrary(name: "CLibcurl", pkgConfig: "libcurl"),
    .target(name: "CCurl", dependencies: ["CLibcurl"]),

    // Pure: values without I/O, time or randomness.
    library("Bytes"),
    library("Digests", ["Bytes", "COpenSSL"]),
    library("ChainTypes", ["Bytes"]),
    library("Addresses", ["Bytes", "Digests", "ChainTypes"]),
    library("Keys", ["Bytes", "Digests", "ChainTypes", "Addresses", "CSecp256k1"]),
    library("Bitcoin", ["Bytes", "Digests", "ChainTypes"]),
    library("ChainTracking", ["Bytes", "Digests", "ChainTypes"]),
    library("Payments", ["Bytes", "Digests", "ChainTypes"]),

    // The shell: sockets, disks, tasks.
    library("HTTPClient", ["CCurl"]),
    library("Telemetry", [log]),
    library("Database"),
    library("SQLite", ["Database", grdb]),
    library("NodeRPC", ["Bytes", "ChainTypes", "HTTPClient", "Telemetry"]),
    library("EventLog", ["Bytes", "Digests", "ChainTypes", "Database"]),
    library(
      "Watching",
      [
        "Bytes", "ChainTypes", "Addresses", "Bitcoin", "ChainTracking", "NodeRPC", "Telemetry",
      ]),
    library(
      "Settlement",
      [
        "Bytes", "Digests", "ChainTypes", "Addresses", "Keys", "ChainTracking", "Payments",
        "Database", "EventLog", "Watching", "Telemetry",
      ]),
    .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: settings),
    tests("Bytes", ["Bytes"]),
  ]
)
