/// Keys that `openssl genpkey` made for these tests alone, in PEM.
enum TestKeys {
  static let rsa = """
    -----BEGIN PRIVATE KEY-----
    MIIEvAIBADANBgkqhkiG9w0BAQEFAASCBKYwggSiAgEAAoIBAQDD2OJH6smzbeo7
    c2uSULTMDkOggnCpGC20KKd3nnE/v3vRuO0C6k6Jn8oy+ZLn/KMSECNiArwUAzQs
    TL65l6Ad5f9Vq59m/odk8dSgE1jIi+Rr+bNEJ6DFd6cay7Vl3BZTXT0O7pc2h/ew
    +ngBn1oYcHnt7GMfH5LdNkPSQHlsMNAsl/wepNfdNNl5NVme7SamLbmBLsCDkqyy
    OfBwKBVKZGR/0VgIb/EEWVdcWJAV0Tj1NhSs5NVpXxVuF4a8e/PueiQ7qtnZMQmB
    pncFMrEY3lyjgzX51MGQifg3vIWLOaceY3ukhSJnwAgLMu2Y68wxZHrpx5HIBBMy
    Z67lqkUVAgMBAAECggEAFckpSMM9KzTJptHc0EKijgVzL+Z6tlCuetk/4c5R/juk
    gCygTt/2GxiXk0qQdTZ1BGQfr34q4lYF5nymBbqwcMr+N483FOuw74F4O9NTH8Hy
    B7HX53e6CmVYRSKOe/V61Uysp13Sm9oNq1X9Zf7ONKREZ/tQ/mwSeAGak0ehSi/E
    5IYoDWXiuY0/pyJkhXu4Z1V+ahgsGp8efwuyme+L9E0FaQI8KG/uGYo5WKrvgDQH
    rL8UHuFx863suEbumlA+Ohnr3ha5LRPDx5qqOVrKurLCzpQvr2MAMki/icd03kWZ
    kANDfcDMHWrVTn5WnAu2glKmHYzkK1CajbXsxNoUsQKBgQDz/ITKHg0DZKw9klIl
    d2aCVy/6mMmXIq0TGJhPKZLY9gAst7erK/pO+6XzUNkk3F2OFvpkstMhGYMzYUsz
    PIsdbQNvv9CvlReYcqJzSaxCBQVT9YUYfmDtmS725emYaCq42xfmGlghK9N47Dq3
    MGIWh8vut71oIDb5qZMAOwm1sQKBgQDNfZBsQ//PpQjX3ZSQ7MK4LpVSRnUdV1Zw
    bikVG6GyW5vKFIGcZ0+7vVBuSytqulm/b56adhgr5J7vXESKBn2mM4CXUfKUHF5O
    1aOaPsSzBrKJ2TYNsf9opMHbCLs+nTwTzll7HWVO5tvc1CIyua2jt55y/kDG6ZtL
    DcCJGdNKpQKBgDmHmFQEI/Nh4I8gGkiFT+F553FCZ35AiejPytIXrm2EC+R/aUpu
    MzY+dhHaRWlAoLqpRl9KHyhV2K7byRyKsQ6+LqpB41YTZJ3ooc9nVru2bVwvrzNo
    UTiU/xLugVcTcMdnucni+lbP+6wun2WkfexsFrTyFDIiLnRN/MB4K0DxAoGAfVwl
    uDa/n8BxpadS1BrsK4qXo8rB9bVrUUmTHIJv4axLXTunWnAYT1MN90s6YHDxAX2p
    x1dWJajiYOnsEjwleTggMbBXiY3I5tUkapvySblDQB9X/4DgbMleTi6EdI1dskOH
    iTkErd7esFhlyIZH7QG+0y5S/EZVa7MnCzzLDtUCgYAi6hVF60+2TKu89kXeJsrK
    0iU1OEeFebeXc1jn4VW+q6CtMfNKpOgCisXfTzS7zTTMIaA1vMhZCh16hAhTWkjG
    WZL6YDJzc96+ZNxwASQmEKOmX9m/txuAEgJgNYeTSkEtAqvw2wyYZ6gYqu+hg91N
    3H9gFzz+l8NqqKHfheNVrA==
    -----END PRIVATE KEY-----
    """

  static let rsaPublic = """
    -----BEGIN PUBLIC KEY-----
    MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAw9jiR+rJs23qO3NrklC0
    zA5DoIJwqRgttCind55xP7970bjtAupOiZ/KMvmS5/yjEhAjYgK8FAM0LEy+uZeg
    HeX/VaufZv6HZPHUoBNYyIvka/mzRCegxXenGsu1ZdwWU109Du6XNof3sPp4AZ9a
    GHB57exjHx+S3TZD0kB5bDDQLJf8HqTX3TTZeTVZnu0mpi25gS7Ag5KssjnwcCgV
    SmRkf9FYCG/xBFlXXFiQFdE49TYUrOTVaV8VbheGvHvz7nokO6rZ2TEJgaZ3BTKx
    GN5co4M1+dTBkIn4N7yFizmnHmN7pIUiZ8AICzLtmOvMMWR66ceRyAQTMmeu5apF
    FQIDAQAB
    -----END PUBLIC KEY-----
    """

  static let shortRSAPublic = """
    -----BEGIN PUBLIC KEY-----
    MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDGHvNOEfFKYyyFj88yPoEUmiXB
    siwld2DAthw0x1psA3Nk5vkMi/cfoM0BhVDwpZ3Pn0nnkKFh26bcK3tJ/CYFLFSH
    2Tp+vhxwpKLmgvgBzOvqYREkeMwqe2PbhTH0NoAS/M35dZ1M/XayuSud2bxZJt2p
    glirZ4t7HKhhu//UaQIDAQAB
    -----END PUBLIC KEY-----
    """

  static let ecdsa = """
    -----BEGIN PRIVATE KEY-----
    MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgjzh5luStjmwdu1Dz
    94URtECKGS/KXvOfLT6PW15mKBihRANCAAQhoz8uELpbnKF5QMLi25jdDyL2yVT6
    M6jtJQqircgyhCBVd48sF+r3DVLd5wWP9WkIyj8M2LhCJlZXYlXGNowP
    -----END PRIVATE KEY-----
    """

  static let ecdsaPublic = """
    -----BEGIN PUBLIC KEY-----
    MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEIaM/LhC6W5yheUDC4tuY3Q8i9slU
    +jOo7SUKoq3IMoQgVXePLBfq9w1S3ecFj/VpCMo/DNi4QiZWV2JVxjaMDw==
    -----END PUBLIC KEY-----
    """

  static let p384Public = """
    -----BEGIN PUBLIC KEY-----
    MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAE+8Ch63GRGc0XOlnZBPZlY89EjJuwKTNM
    aPAkj3mVi5vE+tLa/cyJzLnEW9bxIaFFk394mY9vj30XSBWn7wRJeBTpj6XFwQwa
    i5/alrEk0Kz/2QyVKUFFuW8HKy8aat/l
    -----END PUBLIC KEY-----
    """

  static let ed25519 = """
    -----BEGIN PRIVATE KEY-----
    MC4CAQAwBQYDK2VwBCIEIEQ4i4Ka/MKtLqZ0nDVY3+ttDM3syfjov5hmhjSMEuq4
    -----END PRIVATE KEY-----
    """

  static let ed25519Public = """
    -----BEGIN PUBLIC KEY-----
    MCowBQYDK2VwAyEAM0bChbwy9TYrHMRT0OeI5h3tg/4FsEebMQS5louOiZE=
    -----END PUBLIC KEY-----
    """

  static let secret = "a secret of thirty-two bytes, or more"

  // The same public keys as members of JSON Web Keys.
  static let ecdsaX = "IaM_LhC6W5yheUDC4tuY3Q8i9slU-jOo7SUKoq3IMoQ"
  static let ecdsaY = "IFV3jywX6vcNUt3nBY_1aQjKPwzYuEImVldiVcY2jA8"
  static let ed25519X = "M0bChbwy9TYrHMRT0OeI5h3tg_4FsEebMQS5louOiZE"
  static let rsaN =
    "w9jiR-rJs23qO3NrklC0zA5DoIJwqRgttCind55xP7970bjtAupOiZ_KMvmS5_yjEhAjYgK8FAM0LEy-"
    + "uZegHeX_VaufZv6HZPHUoBNYyIvka_mzRCegxXenGsu1ZdwWU109Du6XNof3sPp4AZ9aGHB57exjHx-S"
    + "3TZD0kB5bDDQLJf8HqTX3TTZeTVZnu0mpi25gS7Ag5KssjnwcCgVSmRkf9FYCG_xBFlXXFiQFdE49TYU"
    + "rOTVaV8VbheGvHvz7nokO6rZ2TEJgaZ3BTKxGN5co4M1-dTBkIn4N7yFizmnHmN7pIUiZ8AICzLtmOvM"
    + "MWR66ceRyAQTMmeu5apFFQ"
}
