using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Swarm.Identities;

/// <summary>
/// This machine's place in closed swarms: its certificate and key, the authority that signed it, and who has been put out. Peers talk
/// TLS 1.3 (RFC 8446) and both ends show a certificate of the authority, as libtorrent's SSL torrents do. All members may be called
/// from any thread.
/// <code>
/// DIR/authority.pem   certificate of the authority
/// DIR/identity.pem    certificate of this machine
/// DIR/identity.key    its key, PKCS #8 in PEM, for nobody else to read
/// </code>
/// </summary>
public sealed class SwarmIdentity : IDisposable
{
    /// <summary>File name of the authority's certificate.</summary>
    public const string AuthorityFile = "authority.pem";

    /// <summary>File name of this machine's certificate.</summary>
    public const string CertificateFile = "identity.pem";

    /// <summary>File name of this machine's key.</summary>
    public const string KeyFile = "identity.key";

    // RFC 5280 4.2.1.12
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    private const int MaxFileBytes = 64 * 1024;

    private readonly X509Certificate2 _authority;
    private readonly Lock _gate = new();
    private readonly List<X509Certificate2> _replaced = [];
    private readonly TimeProvider _time;
    private X509Certificate2 _certificate;
    private SslStreamCertificateContext _context;
    private volatile IReadOnlySet<Sha256Digest> _revoked = new HashSet<Sha256Digest>();

    private SwarmIdentity(X509Certificate2 authority, X509Certificate2 certificate, TimeProvider time)
    {
        _authority = authority;
        _certificate = certificate;
        _time = time;
        // the authority is known to whoever may talk to us: it is not sent along
        _context = SslStreamCertificateContext.Create(certificate, additionalCertificates: null, offline: true);
        KeyId = KeyIdOf(certificate);
    }

    /// <summary>Told after <see cref="Revoke"/> changed something.</summary>
    public event EventHandler? Revoked;

    /// <summary>Our own key's id.</summary>
    public Sha256Digest KeyId { get; }

    /// <summary>SHA-256 of the authority's certificate, DER.</summary>
    public Sha256Digest Authority => Sha256Digest.HashData(_authority.RawDataMemory.Span);

    /// <summary>When our certificate ends.</summary>
    public DateTimeOffset ExpiresAt => new(Volatile.Read(ref _certificate).NotAfter);

    /// <summary>Two thirds of our certificate's time are over: it is time for the next one.</summary>
    public bool IsDueForRenewal
    {
        get
        {
            var certificate = Volatile.Read(ref _certificate);
            return ExpiresAt - _time.GetUtcNow() < (certificate.NotAfter - certificate.NotBefore) / 3;
        }
    }

    /// <summary>Reads an identity.</summary>
    /// <param name="directory">Where its three files are.</param>
    /// <param name="time">Clock for expiry.</param>
    /// <exception cref="IdentityException">A file is missing or damaged, or they do not belong together; names it.</exception>
    public static SwarmIdentity Open(string directory, TimeProvider time)
    {
        var authority = ReadCertificate(Path.Combine(directory, AuthorityFile));
        try
        {
            var keyPath = Path.Combine(directory, KeyFile);
            using var bare = ReadCertificate(Path.Combine(directory, CertificateFile));
            X509Certificate2 certificate;
            try
            {
                using var pair = X509Certificate2.CreateFromPem(bare.ExportCertificatePem(), ReadText(keyPath));
                // OpenSSL wants the key inside of its own store, not beside the certificate
                certificate = X509CertificateLoader.LoadPkcs12(pair.Export(X509ContentType.Pkcs12), null);
            }
            catch (Exception fault) when (fault is CryptographicException or ArgumentException)
            {
                throw new IdentityException($"{keyPath}: expected the key of {CertificateFile}, PKCS #8 in PEM: {fault.Message}", fault);
            }
            var identity = new SwarmIdentity(authority, certificate, time);
            try
            {
                if (identity.WhyNot(certificate, ClientAuthentication) is { } reason)
                    throw new IdentityException($"{Path.Combine(directory, CertificateFile)}: {reason}");
                return identity;
            }
            catch
            {
                certificate.Dispose();
                throw;
            }
        }
        catch
        {
            authority.Dispose();
            throw;
        }
    }

    /// <summary>Takes a certificate that has been renewed, for the same key; connections from now on show it.</summary>
    /// <param name="directory">Where the identity is.</param>
    /// <exception cref="IdentityException">It is not there, damaged, or another identity.</exception>
    public void Reload(string directory)
    {
        var renewed = Open(directory, _time);
        if (renewed.KeyId != KeyId || renewed.Authority != Authority)
        {
            renewed.Dispose();
            throw new IdentityException($"{directory}: holds another identity now; start again with it");
        }
        lock (_gate)
        {
            // handshakes under way may still use the one before
            _replaced.Add(_certificate);
            Volatile.Write(ref _certificate, renewed._certificate);
            Volatile.Write(ref _context, renewed._context);
        }
        renewed._authority.Dispose();
    }

    /// <summary>Writes a key into a file that must not be there, for its owner's eyes; durable.</summary>
    /// <exception cref="IOException">The file is there, or cannot be written.</exception>
    public static void WriteKey(string path, string pem)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using var file = new FileStream(path, options);
        file.Write(Encoding.ASCII.GetBytes(pem + "\n"));
        file.Flush(flushToDisk: true);
    }

    /// <summary>Id of a certificate's key.</summary>
    public static Sha256Digest KeyIdOf(X509Certificate2 certificate) => Sha256Digest.HashData(certificate.PublicKey.ExportSubjectPublicKeyInfo());

    /// <summary>True when a torrent is closed, and our authority is the one that it names.</summary>
    public bool IsOf(TorrentInfo info)
    {
        if (info.Authority is not { } text)
            return false;
        try
        {
            using var named = X509Certificate2.CreateFromPem(text);
            return named.RawDataMemory.Span.SequenceEqual(_authority.RawDataMemory.Span);
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    /// <summary>Puts these keys out, and nobody else: new connections are refused, <see cref="Revoked"/> ends those that stand.</summary>
    public void Revoke(IReadOnlySet<Sha256Digest> keyIds)
    {
        if (_revoked.SetEquals(keyIds))
            return;
        _revoked = keyIds;
        Revoked?.Invoke(this, EventArgs.Empty);
    }

    /// <summary>Keys that are out.</summary>
    public int RevokedCount => _revoked.Count;

    /// <summary>True when a key has been put out.</summary>
    public bool IsRevoked(Sha256Digest keyId) => _revoked.Contains(keyId);

    /// <summary>The holder of a certificate that a client has shown, or null when it is none of the authority's, expired or revoked.</summary>
    public Member? MemberOf(X509Certificate2? certificate) =>
        certificate is not null && WhyNot(certificate, ClientAuthentication) is null ? Read(certificate) : null;

    /// <summary>
    /// How we talk TLS to another member, wherever it is. The certificate is asked for at each handshake: HTTP clients outlive one.
    /// </summary>
    public SslClientAuthenticationOptions MemberOptions() =>
        new()
        {
            EnabledSslProtocols = SslProtocols.Tls13,
            LocalCertificateSelectionCallback = (_, _, _, _, _) => Volatile.Read(ref _certificate),
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            AllowTlsResume = false,
            RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is X509Certificate2 shown && WhyNot(shown, ServerAuthentication) is null,
        };

    /// <summary>How we talk TLS to a server by its name: one of the authority, or one that the system trusts.</summary>
    public SslClientAuthenticationOptions ServerOptions() =>
        new()
        {
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            LocalCertificateSelectionCallback = (_, _, _, _, _) => Volatile.Read(ref _certificate),
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            AllowTlsResume = false,
            RemoteCertificateValidationCallback = (_, certificate, _, errors) =>
                errors == SslPolicyErrors.None
                || (
                    certificate is X509Certificate2 shown
                    && !errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch)
                    && WhyNot(shown, ServerAuthentication) is null
                ),
        };

    /// <summary>
    /// How a web server of ours talks TLS: members show their certificate, strangers none, and it is the server's business what those may ask.
    /// A certificate that is not the authority's is refused.
    /// </summary>
    public SslServerAuthenticationOptions WebServerOptions()
    {
        var options = ListenerOptions();
        options.RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is null || (certificate is X509Certificate2 shown && MemberOf(shown) is not null);
        return options;
    }

    /// <summary>How we talk TLS to who connects.</summary>
    internal SslServerAuthenticationOptions ListenerOptions() =>
        new()
        {
            EnabledSslProtocols = SslProtocols.Tls13,
            ServerCertificateContext = Volatile.Read(ref _context),
            ClientCertificateRequired = true,
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            // a resumed session shows no certificate: who was put out would come back by it
            AllowTlsResume = false,
            RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is X509Certificate2 shown && MemberOf(shown) is not null,
        };

    /// <summary>
    /// The holder of a certificate that a handshake has verified, as long as it is neither revoked nor over: what is looked at with every request, at
    /// little cost. Null for none.
    /// </summary>
    public Member? StillMember(X509Certificate? certificate)
    {
        if (certificate is not X509Certificate2 shown || Now() > new DateTimeOffset(shown.NotAfter))
            return null;
        var member = Read(shown);
        return IsRevoked(member.KeyId) ? null : member;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _authority.Dispose();
        lock (_gate)
        {
            _certificate.Dispose();
            _replaced.ForEach(certificate => certificate.Dispose());
        }
    }

    /// <summary>Names in a certificate: its DNS names, or without any its common name.</summary>
    private static Member Read(X509Certificate2 certificate)
    {
        var names = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().SelectMany(extension => extension.EnumerateDnsNames()).ToArray();
        return new Member(KeyIdOf(certificate), names.Length > 0 ? names : [certificate.GetNameInfo(X509NameType.SimpleName, false)]);
    }

    private string? WhyNot(X509Certificate2 certificate, string purpose)
    {
        try
        {
            if (IsRevoked(KeyIdOf(certificate)))
                return "the certificate has been revoked";
            using var chain = new X509Chain();
            chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            chain.ChainPolicy.CustomTrustStore.Add(_authority);
            chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
            chain.ChainPolicy.DisableCertificateDownloads = true;
            chain.ChainPolicy.ApplicationPolicy.Add(new Oid(purpose));
            chain.ChainPolicy.VerificationTimeIgnored = false;
            chain.ChainPolicy.VerificationTime = Now().LocalDateTime;
            return chain.Build(certificate) && chain.ChainElements.Count is 2 ? null
                : chain.ChainStatus.Length > 0 ? $"expected a certificate that the authority has signed: {chain.ChainStatus[0].StatusInformation.Trim()}"
                : "expected a certificate that the authority itself has signed";
        }
        catch (CryptographicException fault)
        {
            return $"expected a certificate: {fault.Message}";
        }
    }

    /// <summary>A machine whose clock starts in 1970 takes the time of its own certificate.</summary>
    private DateTimeOffset Now()
    {
        var now = _time.GetUtcNow();
        var begins = new DateTimeOffset(Volatile.Read(ref _certificate).NotBefore);
        return now < begins ? begins : now;
    }

    private static X509Certificate2 ReadCertificate(string path)
    {
        try
        {
            return X509Certificate2.CreateFromPem(ReadText(path));
        }
        catch (CryptographicException fault)
        {
            throw new IdentityException($"{path}: expected a certificate in PEM: {fault.Message}", fault);
        }
    }

    private static string ReadText(string path)
    {
        try
        {
            return new FileInfo(path).Length <= MaxFileBytes ? File.ReadAllText(path) : throw new IdentityException($"{path}: expected at most {MaxFileBytes} bytes");
        }
        catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new IdentityException($"{path}: no such file; 'stateless identity enrol' makes an identity", fault);
        }
        catch (UnauthorizedAccessException fault)
        {
            throw new IdentityException(fault.Message, fault);
        }
    }
}
