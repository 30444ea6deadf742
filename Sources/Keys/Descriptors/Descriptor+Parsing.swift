extension Descriptor {
  /// What stands before `#`, once the checksum behind it was found right.
  static func verifiedExpression(
    _ text: String, _ rule: ChecksumRule
  ) throws(DescriptorError) -> Substring {
    let count = text.utf8.count
    guard count <= maximumCharacters else { throw .tooLong(characters: count) }
    do {
      try KeyExpression.checkCharacters(text)
    } catch {
      throw .key(error)
    }
    guard let mark = text.firstIndex(of: "#") else {
      guard rule == .optional else { throw .missingChecksum }
      return text[...]
    }
    let expression = text[..<mark]
    let found = text[text.index(after: mark)...]
    guard !found.isEmpty else { throw .missingChecksum }
    guard let checksum = DescriptorChecksum.checksum(of: expression), found == checksum else {
      throw .wrongChecksum(found: String(found.prefix(16)))
    }
    return expression
  }

  /// The script that the functions around the key make, and the key's text.
  static func script(
    of expression: Substring
  ) throws(DescriptorError) -> (script: SingleKeyScript, key: Substring) {
    let (function, argument) = try call(expression)
    switch function {
    case "pkh": return (.pkh, try keyArgument(argument))
    case "wpkh": return (.wpkh, try keyArgument(argument))
    case "tr":
      guard !argument.contains(",") else { throw .scriptTree }
      return (.tr, try keyArgument(argument))
    case "sh":
      let (inner, key) = try call(argument)
      guard inner == "wpkh" else { throw .unsupportedFunction("sh(\(inner)(…))") }
      return (.shWpkh, try keyArgument(key))
    default: throw .unsupportedFunction(function)
    }
  }

  /// `name(argument)`, where nothing follows the last bracket.
  private static func call(
    _ text: Substring
  ) throws(DescriptorError) -> (name: String, argument: Substring) {
    guard let open = text.firstIndex(of: "("), text.last == ")" else { throw .malformed }
    let name = text[..<open]
    // Only a short word is repeated in an error: anything else could be a key.
    guard name.utf8.count <= 12,
      name.utf8.allSatisfy({ ($0 >= 0x61 && $0 <= 0x7a) || $0 == 0x5f })
    else { throw .malformed }
    return (String(name), text[text.index(after: open)...].dropLast())
  }

  /// A key expression has no brackets or commas.
  private static func keyArgument(_ text: Substring) throws(DescriptorError) -> Substring {
    guard !text.contains(where: { "(){},".contains($0) }) else { throw .malformed }
    return text
  }
}
