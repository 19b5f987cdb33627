using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Trust.Durability;

namespace StatelessSwarm.Trust.Identities;

/// <summary>
/// Says who is a member of a closed swarm: signs certificates (X.509, RFC 5280), by hand or for a token, and remembers them. Its own
/// certificate stands in every closed torrent. Not thread safe; several processes exclude each other by a lock file.
/// <code>
/// DIR/authority.pem       certificate
/// DIR/authority.key       its key (ECDSA P-256, PKCS #8 in PEM), for nobody else to read
/// DIR/tokens/ID           rights to enrol
/// DIR/issued/KEYID.pem    certificates given out, under lines that say to whom
/// </code>
/// </summary>
public sealed class SwarmAuthority : IDisposable
{
    /// <summary>File name of the certificate.</summary>
    public const string CertificateFile = "authority.pem";

    /// <summary>File name of the key.</summary>
    public const string KeyFile = "authority.key";

    private const string AnyTorrent = "*";
    private const string Tokens = "tokens";
    private const string Issued = "issued";
    private const string PemSuffix = ".pem";
    private const int MaxFileBytes = 64 * 1024;
    private const UnixFileMode SecretMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private static readonly TimeSpan DefaultLifetime = TimeSpan.FromDays(365);
    private static readonly TimeSpan KeptAfterEnd = TimeSpan.FromDays(30);

    // clocks of machines are a little off
    private static readonly TimeSpan ClockSkew = TimeSpan.FromHours(1);

    private readonly string _directory;
    private readonly X509Certificate2 _certificate;
    private readonly TimeProvider _time;
    private readonly DurableFiles _files = DurableFiles.Default;

    private SwarmAuthority(string directory, X509Certificate2 certificate, TimeProvider time)
    {
        _directory = directory;
        _certificate = certificate;
        _time = time;
        Fingerprint = Sha256Digest.HashData(certificate.RawDataMemory.Span);
    }

    /// <summary>SHA-256 of the certificate, DER.</summary>
    public Sha256Digest Fingerprint { get; }

    /// <summary>The certificate, DER.</summary>
    public ReadOnlyMemory<byte> Certificate => _certificate.RawDataMemory;

    /// <summary>When the certificate ends; nothing it signs lasts longer.</summary>
    public DateTimeOffset ExpiresAt => new(_certificate.NotAfter);

    /// <summary>Makes an authority in a directory that holds none.</summary>
    /// <exception cref="IOException">There is one already, or the directory cannot be written.</exception>
    public static SwarmAuthority Create(string directory, TimeSpan lifetime, TimeProvider time)
    {
        directory = Path.GetFullPath(directory);
        var files = DurableFiles.Default;
        var certificatePath = Path.Combine(directory, CertificateFile);
        var keyPath = Path.Combine(directory, KeyFile);
        if (File.Exists(certificatePath) || File.Exists(keyPath))
            throw new IOException($"{directory}: there is an authority already.");
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        // the name has to tell authorities apart where several are known
        var name = new X500DistinguishedName($"CN=authority {Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8))}");
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: true, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        var now = time.GetUtcNow();
        using var certificate = request.CreateSelfSigned(now - ClockSkew, now + lifetime);
        files.EnsureDirectory(directory);
        WriteSecret(files, keyPath, Encoding.ASCII.GetBytes(key.ExportPkcs8PrivateKeyPem() + "\n"));
        files.WriteNew(certificatePath, Encoding.ASCII.GetBytes(certificate.ExportCertificatePem() + "\n"));
        files.SyncDirectory(directory);
        return Open(directory, time);
    }

    /// <summary>Opens one.</summary>
    /// <exception cref="IOException">A file is missing or cannot be read; names it.</exception>
    /// <exception cref="TrustException">A file is not what it should be; names it.</exception>
    public static SwarmAuthority Open(string directory, TimeProvider time)
    {
        directory = Path.GetFullPath(directory);
        var path = Path.Combine(directory, CertificateFile);
        try
        {
            using var bare = X509Certificate2.CreateFromPem(ReadText(path));
            path = Path.Combine(directory, KeyFile);
            return new SwarmAuthority(directory, X509Certificate2.CreateFromPem(bare.ExportCertificatePem(), ReadText(path)), time);
        }
        catch (Exception fault) when (fault is CryptographicException or ArgumentException)
        {
            throw new TrustException(TrustFault.Malformed, $"{path}: expected PEM of an authority: {fault.Message}", fault);
        }
    }

    /// <summary>Signs a certificate.</summary>
    /// <exception cref="TrustException">The request is malformed, or a name or host is.</exception>
    /// <exception cref="IOException">Another process is at work, or the directory cannot be written.</exception>
    public IssuedIdentity Issue(IssueRequest request)
    {
        using var held = Lock();
        return Sign(request);
    }

    /// <summary>True for what can be a machine's name: 1 to 64 characters of [A-Za-z0-9._-].</summary>
    public static bool IsName(string name) => Names.IsMachine(name);

    /// <summary>Makes a token.</summary>
    /// <param name="name">Name of the machine it is for; empty lets machines say their own.</param>
    /// <param name="uses">Machines that may enrol with it; null for as many as like.</param>
    /// <param name="lifetime">How long it holds.</param>
    /// <param name="certificateLifetime">How long the certificates hold that it gives; null for a year.</param>
    /// <remarks>What has ended a month ago is cleared away: tokens, and certificates in the list.</remarks>
    /// <exception cref="TrustException">The name is malformed.</exception>
    public EnrolmentToken NewToken(string name, int? uses, TimeSpan lifetime, TimeSpan? certificateLifetime = null)
    {
        if (name.Length > 0)
            Names.RequireMachine(name);
        using var held = Lock();
        ClearEnded();
        var token = EnrolmentToken.Create(Fingerprint);
        var record = new TokenRecord(
            token.Secret,
            name,
            uses ?? TokenRecord.AnyNumber,
            (_time.GetUtcNow() + lifetime).ToUnixTimeSeconds(),
            (long)(certificateLifetime ?? DefaultLifetime).TotalSeconds
        );
        WriteToken(token.Id, record);
        return token;
    }

    /// <summary>Takes a token back; false when there is none of the name.</summary>
    public bool RemoveToken(string id)
    {
        if (!EnrolmentToken.IsId(id))
            return false;
        using var held = Lock();
        var path = TokenPath(id);
        if (!File.Exists(path))
            return false;
        File.Delete(path);
        _files.SyncDirectory(Path.Combine(_directory, Tokens));
        return true;
    }

    /// <summary>
    /// Makes the sender of a request a member. The same request again gets the same certificate, so that a lost answer costs no
    /// use of the token.
    /// </summary>
    /// <exception cref="TrustException">The token is unknown, used up or expired, or the request was not made with it.</exception>
    /// <exception cref="IOException">Another process is at work, or the directory cannot be written.</exception>
    public IssuedIdentity Enrol(EnrolmentRequest request)
    {
        using var held = Lock();
        var token = FindToken(request.TokenId);
        // the same words for all of them: who guesses learns nothing
        if (token is null || !CryptographicOperations.FixedTimeEquals(EnrolmentToken.Prove(token.Secret.Span, request.Name, request.SigningRequest.Span), request.Proof.Span))
            throw new TrustException(TrustFault.NotEnoughSignatures, "enrolment: no such token, or a wrong proof of it.");
        var now = _time.GetUtcNow();
        if (now.ToUnixTimeSeconds() >= token.ExpiresUnixSeconds)
            throw new TrustException(TrustFault.Expired, $"enrolment: token {request.TokenId} has expired.");
        var keyId = IdentityRequest.KeyIdOf(request.SigningRequest);
        if (Find(keyId) is { } before && before.TokenId == request.TokenId && before.ExpiresAt > now)
            return before;
        if (token.Uses == 0)
            throw new TrustException(TrustFault.Expired, $"enrolment: token {request.TokenId} has been used.");
        var name = token.Name.Length > 0 ? token.Name
            : request.Name.Length > 0 ? request.Name
            : throw new TrustException(TrustFault.Malformed, "enrolment: expected the machine's name: the token has none.");
        // counted first: a power cut in between costs a use, never gives one away
        if (token.Uses > 0)
            WriteToken(request.TokenId, token with { Uses = token.Uses - 1 });
        return Sign(
            new IssueRequest
            {
                SigningRequest = request.SigningRequest,
                Name = name,
                TokenId = request.TokenId,
                Lifetime = TimeSpan.FromSeconds(token.LifetimeSeconds),
            }
        );
    }

    /// <summary>Signs once more what has been given out, for the same key, name and hosts, to hold as long as that did.</summary>
    /// <param name="signingRequest">PKCS #10 of the key. Who sent it has to have proved by other means to hold the certificate.</param>
    /// <exception cref="TrustException">The key has no certificate from here, or the request is malformed.</exception>
    /// <exception cref="IOException">Another process is at work, or the directory cannot be written.</exception>
    public IssuedIdentity Renew(ReadOnlyMemory<byte> signingRequest)
    {
        using var held = Lock();
        var keyId = IdentityRequest.KeyIdOf(signingRequest);
        var before = Find(keyId) ?? throw new TrustException(TrustFault.Mismatch, $"key {keyId}: has no certificate of this authority.");
        using var certificate = X509CertificateLoader.LoadCertificate(before.Certificate.Span);
        var names = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().ToList();
        return Sign(
            new IssueRequest
            {
                SigningRequest = signingRequest,
                Name = before.Name,
                TokenId = before.TokenId,
                Lifetime = certificate.NotAfter - certificate.NotBefore - ClockSkew,
                Hosts =
                [
                    .. names.SelectMany(name => name.EnumerateDnsNames()).Where(name => name != AnyTorrent),
                    .. names.SelectMany(name => name.EnumerateIPAddresses()).Select(address => address.ToString()),
                ],
            }
        );
    }

    /// <summary>Everything given out, by name.</summary>
    /// <exception cref="TrustException">A file is damaged; names it.</exception>
    public IReadOnlyList<IssuedIdentity> List()
    {
        var directory = Path.Combine(_directory, Issued);
        if (!Directory.Exists(directory))
            return [];
        return
        [
            .. Directory
                .GetFiles(directory, "*" + PemSuffix)
                .Select(ReadIssued)
                .OrderBy(issued => issued.Name, StringComparer.Ordinal)
                .ThenBy(issued => issued.KeyId),
        ];
    }

    /// <inheritdoc/>
    public void Dispose() => _certificate.Dispose();

    /// <summary>Machines without a disk enrol at every boot: what has ended must not pile up.</summary>
    private void ClearEnded()
    {
        var before = _time.GetUtcNow() - KeptAfterEnd;
        foreach (var issued in List().Where(issued => issued.ExpiresAt < before))
            File.Delete(Path.Combine(_directory, Issued, issued.KeyId + PemSuffix));
        var tokens = Path.Combine(_directory, Tokens);
        foreach (var path in Directory.Exists(tokens) ? Directory.GetFiles(tokens) : [])
        {
            if (FindToken(Path.GetFileName(path)) is { } token && DateTimeOffset.FromUnixTimeSeconds(token.ExpiresUnixSeconds) < before)
                File.Delete(path);
        }
    }

    private static DateTimeOffset Later(DateTimeOffset one, DateTimeOffset other) => one > other ? one : other;

    private static DateTimeOffset Earlier(DateTimeOffset one, DateTimeOffset other) => one < other ? one : other;

    private IssuedIdentity Sign(IssueRequest request)
    {
        Names.RequireMachine(request.Name);
        var key = IdentityRequest.KeyOf(request.SigningRequest);
        var keyId = Sha256Digest.HashData(key.ExportSubjectPublicKeyInfo());
        // neither name nor site: strangers see a server's certificate before they are turned away
        var certificate = new CertificateRequest(new X500DistinguishedName($"CN={keyId.ToString()[..32]}"), key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        // every torrent of this authority (libtorrent's manual, "SSL torrents")
        names.AddDnsName(AnyTorrent);
        foreach (var host in request.Hosts)
        {
            if (IPAddress.TryParse(host, out var address))
                names.AddIpAddress(address);
            else if (Uri.CheckHostName(host) == UriHostNameType.Dns && !host.Contains('*', StringComparison.Ordinal))
                names.AddDnsName(host);
            else
                throw new TrustException(TrustFault.Malformed, $"host \"{host}\": expected a DNS name or an address.");
        }
        certificate.CertificateExtensions.Add(names.Build());
        certificate.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, 0, critical: true));
        certificate.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        // server and client authentication: every peer is both
        certificate.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1"), new Oid("1.3.6.1.5.5.7.3.2")], critical: false));
        certificate.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(_certificate, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        var now = _time.GetUtcNow();
        var begins = Later(now - ClockSkew, new DateTimeOffset(_certificate.NotBefore));
        var ends = Earlier(now + request.Lifetime, ExpiresAt);
        if (ends <= now)
            throw new TrustException(TrustFault.Expired, $"{_directory}: the authority ended at {_certificate.NotAfter:u}.");
        var serial = RandomNumberGenerator.GetBytes(16);
        serial[0] = (byte)((serial[0] & 0x7F) | 0x40);
        // a machine may bring an RSA key: the short form of Create wants keys of one kind
        using var own = _certificate.GetECDsaPrivateKey() ?? throw new TrustException(TrustFault.Malformed, $"{_directory}: expected an ECDSA key.");
        using var signed = certificate.Create(_certificate.SubjectName, X509SignatureGenerator.CreateForECDsa(own), begins, ends, serial);
        Keep(keyId, request, signed);
        return new IssuedIdentity(keyId, request.Name, request.TokenId, ends, signed.RawDataMemory);
    }

    private void Keep(Sha256Digest keyId, IssueRequest request, X509Certificate2 certificate)
    {
        var text = $"name: {request.Name}\ntoken: {request.TokenId}\n{certificate.ExportCertificatePem()}\n";
        var path = Path.Combine(_directory, Issued, keyId + PemSuffix);
        _files.EnsureDirectory(Path.GetDirectoryName(path)!);
        File.Delete(path + ".new");
        _files.Replace(path, path + ".new", Encoding.ASCII.GetBytes(text));
    }

    private IssuedIdentity? Find(Sha256Digest keyId)
    {
        var path = Path.Combine(_directory, Issued, keyId + PemSuffix);
        return File.Exists(path) ? ReadIssued(path) : null;
    }

    private static IssuedIdentity ReadIssued(string path)
    {
        var text = ReadText(path);
        try
        {
            var lines = text.Split('\n', 3);
            if (lines is not [['n', 'a', 'm', 'e', ':', ' ', .. var name], ['t', 'o', 'k', 'e', 'n', ':', ' ', .. var token], _])
                throw new TrustException(TrustFault.Malformed, $"{path}: expected lines with name and token.");
            using var certificate = X509Certificate2.CreateFromPem(text);
            return new IssuedIdentity(
                Sha256Digest.HashData(certificate.PublicKey.ExportSubjectPublicKeyInfo()),
                name,
                token,
                new DateTimeOffset(certificate.NotAfter),
                certificate.RawDataMemory
            );
        }
        catch (CryptographicException fault)
        {
            throw new TrustException(TrustFault.Malformed, $"{path}: expected a certificate in PEM: {fault.Message}", fault);
        }
    }

    private TokenRecord? FindToken(string id)
    {
        var path = TokenPath(id);
        if (!EnrolmentToken.IsId(id) || !File.Exists(path))
            return null;
        var bytes = File.ReadAllBytes(path);
        return bytes.Length <= TokenRecord.MaxBytes
            ? TokenRecord.Decode(bytes)
            : throw new TrustException(TrustFault.Malformed, string.Create(CultureInfo.InvariantCulture, $"{path}: expected at most {TokenRecord.MaxBytes} bytes."));
    }

    private void WriteToken(string id, TokenRecord record)
    {
        var path = TokenPath(id);
        var temporary = path + ".new";
        _files.EnsureDirectory(Path.GetDirectoryName(path)!);
        File.Delete(temporary);
        WriteSecret(_files, temporary, record.Encode());
        _files.RenameFile(temporary, path);
        _files.SyncDirectory(Path.GetDirectoryName(path)!);
    }

    private string TokenPath(string id) => Path.Combine(_directory, Tokens, id);

    private FileStream Lock()
    {
        var path = Path.Combine(_directory, ".lock");
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1);
        }
        catch (UnauthorizedAccessException fault)
        {
            throw new IOException($"{path}: no permission to write.", fault);
        }
        catch (IOException fault)
        {
            throw new IOException($"{_directory}: another process is at work: {fault.Message}", fault);
        }
    }

    private static void WriteSecret(DurableFiles files, string path, ReadOnlySpan<byte> bytes)
    {
        using var file = files.CreateNew(path, SecretMode);
        file.Write(bytes);
        files.Flush(file);
    }

    private static string ReadText(string path)
    {
        try
        {
            return new FileInfo(path).Length <= MaxFileBytes
                ? File.ReadAllText(path)
                : throw new TrustException(TrustFault.Malformed, $"{path}: expected at most {MaxFileBytes} bytes.");
        }
        catch (UnauthorizedAccessException fault)
        {
            throw new IOException($"{path}: no permission to read.", fault);
        }
    }
}
