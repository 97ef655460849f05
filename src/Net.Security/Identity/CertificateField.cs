namespace Net.Security;

/// <summary>The part of a client certificate that a <see cref="CertificateRule"/> looks at.</summary>
public enum CertificateField
{
    /// <summary>The one common name of the subject. A subject with none or several matches no rule.</summary>
    CommonName = 0,

    /// <summary>The whole subject, as <c>X500DistinguishedName.Name</c> writes it: <c>CN=billing, O=Example</c>, values with special characters in quotes.</summary>
    Subject = 1,

    /// <summary>A DNS name among the subject alternative names, compared without regard to case.</summary>
    Dns = 2,

    /// <summary>A URI among the subject alternative names, compared byte by byte.</summary>
    Uri = 3,

    /// <summary>An e-mail address among the subject alternative names; the domain is compared without regard to case.</summary>
    Email = 4,

    /// <summary>The SPIFFE id: the certificate's only URI, which has the form of one. Certificates with several URIs match no rule, as the SPIFFE X.509-SVID standard says (section 2).</summary>
    Spiffe = 5,

    /// <summary>The serial number in hexadecimal without leading zeros, compared without regard to case.</summary>
    Serial = 6,
}
