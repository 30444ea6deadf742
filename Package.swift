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

/// A library target; what it imports stands above it in the list below.
func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func program(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .executableTarget(
    name: name, dependencies: dependencies , swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(
    name: name + "Tests", dependencies: dependencies + ["TestSupport"], swiftSettings: settings)
}

let package = Package(
  name: "paywatch",
  targets: [
    // C libraries: each is wrapped by exactly one Swift target.
    .systemLibrary(name: "CSecp256k1", pkgConfig: "libsecp256k1"),
    .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto"),
    .systemLibrary(name: "CLibcurl", pkgConfig: "libcurl"),

    // Pure: values without I/O, time or randomness.
    library("Bytes"),
    library("Digests", ["Bytes", "COpenSSL"]),
    library("ChainTypes", ["Bytes"]),
  ]
)
