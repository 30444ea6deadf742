/// The currencies of ISO 4217 that goods are priced in, with their minor units.
package enum FiatCurrency {
  /// Nil where there is no such code.
  package static func asset(_ code: String) -> Asset? {
    decimals[code].map { Asset(symbol: code, decimals: $0) }
  }

  private static let decimals: [String: UInt8] = {
    var decimals: [String: UInt8] = [:]
    for (digits, codes) in [(UInt8(0), none), (2, two), (3, three)] {
      for code in codes.split(whereSeparator: \.isWhitespace) { decimals[String(code)] = digits }
    }
    return decimals
  }()

  private static let none = """
    BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF
    """

  private static let three = "BHD IQD JOD KWD LYD OMR TND"

  private static let two = """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD
    CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD
    HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD
    MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON
    RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD
    TZS UAH USD UYU UZS VES WST YER ZAR ZMW ZWG
    """
}
