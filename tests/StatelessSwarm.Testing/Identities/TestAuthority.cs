using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace StatelessSwarm.Testing.Identities;

/// <summary>
/// An authority of a closed swarm that shares no code with the product's: certificates as libtorrent's manual asks for them. Its files go
/// away with it.
/// </summary>
public sealed class TestAuthority : IDisposable
{
    private const string Server = "1.3.6.1.5.5.7.3.1";
    private const string Client = "1.3.6.1.5.5.7.3.2";

    private readonly X509Certificate2 _certificate;
    private int _count;

    /// <summary>A new one.</summary>
    public TestAuthority()
    {
        Directory = System.IO.Directory.CreateTempSubdirectory("ss-authority-").FullName;
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=test authority", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        _certificate = request.CreateSelfSigned(TimeProvider.System.GetUtcNow().AddDays(-30), TimeProvider.System.GetUtcNow().AddDays(30));
    }

    /// <summary>Temporary directory.</summary>
    public string Directory { get; }

    /// <summary>Certificate in PEM.</summary>
    public string Pem => _certificate.ExportCertificatePem();

    /// <summary>Makes an identity; returns its directory: <c>authority.pem</c>, <c>identity.pem</c>, <c>identity.key</c>.</summary>
    /// <param name="torrent">Name in the certificate.</param>
    /// <param name="beginsInDays">When it begins, from today.</param>
    /// <param name="endsInDays">When it ends, from today.</param>
    /// <param name="isInCommonName">The name is the subject's common name, as old tools do it, and not an alternative one.</param>
    /// <param name="mayServe">The certificate is good for servers, too.</param>
    public string NewIdentity(string torrent = "*", int beginsInDays = -1, int endsInDays = 1, bool isInCommonName = false, bool mayServe = true) =>
        Write(Sign(_certificate, torrent, beginsInDays, endsInDays, isInCommonName, mayServe));

    /// <summary>An identity whose certificate another identity has signed, which is no authority.</summary>
    public string NewIdentityBy(string directory)
    {
        using var bare = X509Certificate2.CreateFromPemFile(Path.Combine(directory, "identity.pem"), Path.Combine(directory, "identity.key"));
        var (certificate, key) = Sign(bare, "*", -1, 1, false, true);
        return Write((certificate, key));
    }

    /// <summary>A new certificate for the key of an identity, from now on for so many days; DER. The directory is left alone.</summary>
    public byte[] Renew(string directory, int endsInDays)
    {
        using var key = ECDsa.Create();
        key.ImportFromPem(File.ReadAllText(Path.Combine(directory, "identity.key")));
        using var certificate = Sign(_certificate, key, "*", -1, endsInDays, false, true);
        return certificate.RawData;
    }

    /// <summary>The authority's certificate, DER.</summary>
    public byte[] Der => _certificate.RawData;

    /// <inheritdoc/>
    public void Dispose()
    {
        _certificate.Dispose();
        System.IO.Directory.Delete(Directory, recursive: true);
    }

    private static (string Certificate, string Key) Sign(X509Certificate2 issuer, string torrent, int beginsInDays, int endsInDays, bool isInCommonName, bool mayServe)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = Sign(issuer, key, torrent, beginsInDays, endsInDays, isInCommonName, mayServe);
        return (certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }

    private static X509Certificate2 Sign(X509Certificate2 issuer, ECDsa key, string torrent, int beginsInDays, int endsInDays, bool isInCommonName, bool mayServe)
    {
        var request = new CertificateRequest(isInCommonName ? $"CN={torrent}" : "CN=somebody", key, HashAlgorithmName.SHA256);
        if (!isInCommonName)
        {
            var names = new SubjectAlternativeNameBuilder();
            names.AddDnsName(torrent);
            request.CertificateExtensions.Add(names.Build());
        }
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(mayServe ? [new Oid(Server), new Oid(Client)] : [new Oid(Client)], false));
        var generator = X509SignatureGenerator.CreateForECDsa(issuer.GetECDsaPrivateKey()!);
        var now = TimeProvider.System.GetUtcNow();
        return request.Create(issuer.SubjectName, generator, now.AddDays(beginsInDays), now.AddDays(endsInDays), RandomNumberGenerator.GetBytes(8));
    }

    private string Write((string Certificate, string Key) identity)
    {
        var directory = Path.Combine(Directory, $"identity{_count++}");
        System.IO.Directory.CreateDirectory(directory);
        File.WriteAllText(Path.Combine(directory, "authority.pem"), Pem);
        File.WriteAllText(Path.Combine(directory, "identity.pem"), identity.Certificate);
        File.WriteAllText(Path.Combine(directory, "identity.key"), identity.Key);
        return directory;
    }
}
