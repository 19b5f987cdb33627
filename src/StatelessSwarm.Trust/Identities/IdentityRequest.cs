using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Trust.Identities;

/// <summary>A new key (ECDSA P-256, which every TLS 1.3 peer can do), and the request to an authority that goes with it.</summary>
/// <param name="KeyPem">PKCS #8 in PEM: a secret.</param>
/// <param name="SigningRequest">PKCS #10, DER.</param>
/// <param name="KeyId">SHA-256 of the public key.</param>
public sealed record IdentityRequest(string KeyPem, ReadOnlyMemory<byte> SigningRequest, Sha256Digest KeyId)
{
    /// <summary>Largest request accepted: 4 KiB.</summary>
    public const int MaxBytes = 4096;

    /// <summary>Label of a request in PEM.</summary>
    public const string PemLabel = "CERTIFICATE REQUEST";

    /// <summary>Makes a key.</summary>
    public static IdentityRequest Create()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return For(key);
    }

    /// <summary>A request for a key that is there.</summary>
    /// <exception cref="TrustException">It is no ECDSA key in PEM.</exception>
    public static IdentityRequest For(string keyPem)
    {
        try
        {
            using var key = ECDsa.Create();
            key.ImportFromPem(keyPem);
            return For(key);
        }
        catch (Exception fault) when (fault is CryptographicException or ArgumentException)
        {
            throw new TrustException(TrustFault.Malformed, $"key: expected an ECDSA key in PEM: {fault.Message}", fault);
        }
    }

    private static IdentityRequest For(ECDsa key)
    {
        var request = new CertificateRequest("CN=request", key, HashAlgorithmName.SHA256);
        return new IdentityRequest(key.ExportPkcs8PrivateKeyPem(), request.CreateSigningRequest(), Sha256Digest.HashData(key.ExportSubjectPublicKeyInfo()));
    }

    /// <summary>SHA-256 of the public key that a request asks a certificate for; its signature is checked.</summary>
    /// <exception cref="TrustException">Malformed.</exception>
    public static Sha256Digest KeyIdOf(ReadOnlyMemory<byte> request) => Sha256Digest.HashData(KeyOf(request).ExportSubjectPublicKeyInfo());

    /// <summary>The key that a request asks a certificate for; ECDSA P-256 or better, or RSA of 2048 bits or more. Its signature is checked.</summary>
    /// <exception cref="TrustException">Malformed.</exception>
    internal static PublicKey KeyOf(ReadOnlyMemory<byte> request)
    {
        if (request.Length > MaxBytes)
            throw Malformed($"expected at most {MaxBytes} bytes, not {request.Length}");
        try
        {
            var loaded = CertificateRequest.LoadSigningRequest(
                request.ToArray(),
                HashAlgorithmName.SHA256,
                CertificateRequestLoadOptions.Default,
                RSASignaturePadding.Pkcs1
            );
            using var curve = loaded.PublicKey.GetECDsaPublicKey();
            using var rsa = loaded.PublicKey.GetRSAPublicKey();
            return curve?.KeySize >= 256 || rsa?.KeySize is >= 2048 and <= 8192
                ? loaded.PublicKey
                : throw Malformed("expected a key of ECDSA P-256 or better, or RSA of 2048 to 8192 bits");
        }
        catch (Exception fault) when (fault is CryptographicException or NotSupportedException or ArgumentException)
        {
            throw new TrustException(TrustFault.Malformed, $"request: expected PKCS #10 with a good signature: {fault.Message}", fault);
        }
    }

    private static TrustException Malformed(string what) => new(TrustFault.Malformed, $"request: {what}.");
}
