internal import Foundation

// Whose tokens are believed.
extension PaywatchConfiguration {
  static func tokens(_ root: SettingsMapping) -> TokenSettings? {
    let authentication = root.nested("authentication")
    defer { authentication.finish() }
    let mapping = authentication.nested("jwt")
    guard mapping.isThere else { return nil }
    let issuer = mapping.text("issuer", hint: "what tokens have as iss.")
    let audience = mapping.text("audience", hint: "what tokens have as aud, such as paywatch.")
    let leeway = mapping.integer("leeway_seconds", in: 0...60, default: 30)
    let lifetime = mapping.integer(
      "maximum_lifetime_seconds", in: 60...31_536_000, default: 86_400)
    let keySet = keyFile(mapping, "jwks_file")
    var ids: Set<String> = []
    let keys = mapping.list("keys").compactMap { key(in: $0, &ids) }
    if !mapping.has("keys"), !mapping.isGiven("jwks_file") {
      mapping.note("keys", "It is missing: keys with id, algorithm and file, or a jwks_file.")
    }
    mapping.finish()
    return TokenSettings(
      issuer: issuer, audience: audience, leewaySeconds: leeway,
      maximumLifetimeSeconds: lifetime, keys: keys, keySet: keySet)
  }

  private static func key(
    in mapping: SettingsMapping, _ ids: inout Set<String>
  ) -> TokenSettings.Key? {
    defer { mapping.finish() }
    let id = mapping.text("id", hint: "what tokens have as kid.")
    if !id.isEmpty, !ids.insert(id).inserted {
      mapping.note("id", "Another key has it: tokens couldn't say which one they mean.")
    }
    let algorithm = mapping.requiredChoice("algorithm", of: TokenSettings.Algorithm.self)
    if !mapping.isGiven("file") {
      mapping.note("file", "It is missing: a public key in PEM, or the secret of HS256.")
    }
    let material = keyFile(mapping, "file")
    guard let algorithm, let material else { return nil }
    return TokenSettings.Key(id: id, algorithm: algorithm, material: material)
  }

  private static let keyFileBytes = 262_144

  /// The text of the file that a setting names, without line breaks at its end; nil where none is
  /// named or it can't be read, with the mistake noted.
  private static func keyFile(_ mapping: SettingsMapping, _ name: String) -> Secret? {
    guard let path = mapping.optionalText(name).map(mapping.file.resolve) else { return nil }
    guard let data = FileManager.default.contents(atPath: path), data.count <= keyFileBytes,
      var text = String(data: data, encoding: .utf8)
    else {
      mapping.note(name, "\(path) can't be read, is no text, or has over \(keyFileBytes) bytes.")
      return nil
    }
    while text.last?.isNewline == true { text.removeLast() }
    guard !text.isEmpty else {
      mapping.note(name, "\(path) is empty.")
      return nil
    }
    return Secret(text)
  }
}
