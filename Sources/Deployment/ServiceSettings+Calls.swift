package import ServiceCalls
package import Settings

extension ServiceSettings {
  /// The tokens, of which a configuration has some wherever they are used.
  package var callTokens: CallTokens { CallTokens(tokens.map(\.text)) }

  /// How others' calls are listened for; nil where they aren't.
  ///
  /// - Parameter lameDuckSeconds: as long as HTTP requests are still taken
  package func server(lameDuckSeconds: Int) -> CallServerConfiguration? {
    guard let listen else { return nil }
    var configuration = CallServerConfiguration(
      host: listen.host, port: Int(listen.port), tokens: callTokens)
    if let tls, let certificate = tls.certificate, let key = tls.key {
      configuration.security = .tls(certificate: certificate, key: key)
    }
    configuration.lameDuckSeconds = Double(lameDuckSeconds)
    return configuration
  }
}
