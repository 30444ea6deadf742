internal import Foundation

/// A certificate for 127.0.0.1 that vouches for itself, and its key: PEM files in a directory.
package struct LocalCertificate: Sendable {
  /// Who trusts this file trusts the server.
  package let certificate: String
  package let key: String

  /// Makes both by `openssl`, in a directory that is there.
  package static func make(in directory: String, name: String = "server") async throws
    -> LocalCertificate
  {
    let made = LocalCertificate(
      certificate: "\(directory)/\(name).crt", key: "\(directory)/\(name).key")
    let child = try ChildProcess([
      "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
      "-nodes", "-days", "2", "-subj", "/CN=\(name)", "-addext", "subjectAltName=IP:127.0.0.1",
      "-keyout", made.key, "-out", made.certificate,
    ])
    let status = await child.waitForExit(within: .seconds(60))
    guard status == 0 else {
      throw LocalServerError.failed("openssl made no certificate (\(status ?? -1))")
    }
    return made
  }
}
