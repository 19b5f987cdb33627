using CsCheck;
using StatelessSwarm.Trust.Client;

namespace StatelessSwarm.Trust.Tests.Client;

public sealed class HostileMetadataTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Accept_MutatedEnvelopes_OnlyEverThrowsTrustException()
    {
        // Goal: whatever arrives from a peer is a value or a refusal. Method: noise over, into and behind good envelopes whose
        // payload is signed again, so that the noise reaches the payload decoders too.
        var site = new TestSite();
        var metadata = TrustedMetadata.Open(_directory.At("trust"), site.Shipped, site.Time);
        Gen.Select(Gen.Int[0, 2], Gen.Int[0, 600], Gen.Byte.Array[0, 24], Gen.Int[0, 2], Gen.Bool)
            .Sample(
                (kind, at, noise, how, signAgain) =>
                {
                    var bytes = Mutated(site, kind, at, noise, how, signAgain);
                    try
                    {
                        Accept(metadata, kind, bytes);
                        return true;
                    }
                    catch (TrustException)
                    {
                        return true;
                    }
                },
                iter: 2000,
                threads: 1
            );
    }

    private static void Accept(TrustedMetadata metadata, int kind, byte[] bytes)
    {
        if (kind == 0)
            metadata.AcceptRoot(bytes);
        else if (kind == 1)
            metadata.AcceptChannel(bytes, "web", "stable");
        else
            metadata.AcceptManifest(bytes, Digest(bytes));
    }

    /// <summary>The digest the envelope itself has, so that the manifest decoder is reached.</summary>
    private static Content.Values.Sha256Digest Digest(byte[] bytes)
    {
        try
        {
            var envelope = Trust.Signing.SignedEnvelope.Decode(bytes, Content.Manifests.ReleaseManifest.MaxBytes);
            return Content.Values.Sha256Digest.HashData(envelope.Payload.Span);
        }
        catch (TrustException)
        {
            return default;
        }
    }

    private static byte[] Mutated(TestSite site, int kind, int at, byte[] noise, int how, bool signAgain)
    {
        var (role, payload, key) = kind switch
        {
            0 => (Trust.Signing.MetadataRole.Root, site.Root(version: 2).Encode(), site.RootKey),
            1 => (Trust.Signing.MetadataRole.Channel, TestSite.Pointer().Encode(), site.ChannelKey),
            _ => (Trust.Signing.MetadataRole.Release, TestSite.Manifest().Encode(), site.ReleaseKey),
        };
        return signAgain
            ? Trust.Signing.SignedEnvelope.Sign(role, Mutate(payload, at, noise, how), [key]).Encode()
            : Mutate(Trust.Signing.SignedEnvelope.Sign(role, payload, [key]).Encode(), at, noise, how);
    }

    private static byte[] Mutate(byte[] good, int at, byte[] noise, int how)
    {
        at = Math.Min(at, good.Length);
        return how switch
        {
            0 => [.. good.AsSpan(0, at), .. noise],
            1 => [.. good.AsSpan(0, at), .. noise, .. good.AsSpan(at)],
            _ => [.. good.AsSpan(0, at), .. noise, .. good.AsSpan(Math.Min(at + noise.Length, good.Length))],
        };
    }
}
