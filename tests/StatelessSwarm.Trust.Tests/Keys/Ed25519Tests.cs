using System.Diagnostics;
using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;
using CsCheck;
using StatelessSwarm.Trust.Keys;

namespace StatelessSwarm.Trust.Tests.Keys;

public sealed class Ed25519Tests
{
    private static readonly BigInteger GroupOrder =
        BigInteger.Pow(2, 252) + BigInteger.Parse("27742317777372353535851937790883648493", CultureInfo.InvariantCulture);

    /// <summary>RFC 8032 section 7.1: seed, public key, message, signature.</summary>
    public static TheoryData<string, string, string, string> Vectors { get; } = new()
    {
        {
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
        },
        {
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        },
        {
            "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
        },
        {
            "f5e5767cf153319517630f226876b86c8160cc583bc013744c6bf255f5cc0ee5",
            "278117fc144c72340f67d0f2316e8386ceffbf2b2428c9c51fef7c597f1d426e",
            Rfc8032Message.Test1024,
            "0aab4c900501b3e24d7cdf4663326a3a87df5e4843b2cbdb67cbf6e460fec350aa5371b1508f9f4528ecea23c436d94b5e8fcd4f681e30a6ac00a9704a188a03"
        },
        {
            "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
            "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
            "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704"
        },
    };

    [Theory]
    [MemberData(nameof(Vectors))]
    public void Sign_RfcVector_GivesItsKeyAndSignature(string seed, string publicKey, string message, string signature)
    {
        var key = SigningKey.FromSeed(Convert.FromHexString(seed));
        var data = Convert.FromHexString(message);

        Assert.Equal(publicKey, Convert.ToHexStringLower(key.PublicKey.Bytes.Span));
        Assert.Equal(signature, Convert.ToHexStringLower(key.Sign(data)));
        Assert.True(key.PublicKey.Verify(data, Convert.FromHexString(signature)));
    }

    [Theory]
    [MemberData(nameof(Vectors))]
    public void Verify_AnyBitOfSignatureOrMessageFlipped_IsFalse(
        string seed,
        string publicKey,
        string message,
        string signature
    )
    {
        _ = seed;
        var key = new PublicKey(Convert.FromHexString(publicKey));
        var data = Convert.FromHexString(message);
        var signed = Convert.FromHexString(signature);

        for (var bit = 0; bit < signed.Length * 8; bit += 3)
            Assert.False(key.Verify(data, Bits.Flip(signed, bit)), $"signature bit {bit}");
        for (var bit = 0; bit < Math.Min(data.Length * 8, 64); bit++)
            Assert.False(key.Verify(Bits.Flip(data, bit), signed), $"message bit {bit}");
        Assert.False(key.Verify([.. data, 0], signed));
        Assert.False(key.Verify(data, signed.AsSpan(0, 63)));
        Assert.False(key.Verify(data, [.. signed, 0]));
    }

    [Fact]
    public void Verify_SNotBelowGroupOrder_IsFalse()
    {
        var key = TestKeys.Named("malleable");
        var data = "data"u8.ToArray();
        var signature = key.Sign(data);
        var s = new BigInteger(signature.AsSpan(32), isUnsigned: true);
        for (var times = 1; s + times * GroupOrder < BigInteger.Pow(2, 256); times++)
        {
            var other = new byte[32];
            (s + times * GroupOrder).TryWriteBytes(other, out _, isUnsigned: true);
            Assert.False(key.PublicKey.Verify(data, [.. signature.AsSpan(0, 32), .. other]), $"S + {times} L");
        }
    }

    [Theory]
    [InlineData("0100000000000000000000000000000000000000000000000000000000000080")]
    [InlineData("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")]
    public void Verify_NonCanonicalRThatSolvesTheEquation_IsFalse(string r)
    {
        // Goal: one signature cannot be written in two ways. Method: R the identity in an encoding that is not its own,
        // S = k a with k taken over those very bytes, so that S B = R + k A holds for who decodes without care.
        var key = TestKeys.Named("forger");
        var data = "data"u8.ToArray();
        var scalar = SHA512.HashData(key.Seed)[..32];
        scalar[0] &= 0xf8;
        scalar[31] = (byte)((scalar[31] & 0x7f) | 0x40);
        var a = new BigInteger(scalar, isUnsigned: true);

        Assert.False(key.PublicKey.Verify(data, Solve(Convert.FromHexString(r))));
        Assert.True(key.PublicKey.Verify(data, Solve([1, .. new byte[31]])), "the same with the canonical encoding");

        byte[] Solve(byte[] encoded)
        {
            var k = new BigInteger(SHA512.HashData([.. encoded, .. key.PublicKey.Bytes.Span, .. data]), isUnsigned: true);
            var s = new byte[32];
            (k * a % GroupOrder).TryWriteBytes(s, out _, isUnsigned: true);
            return [.. encoded, .. s];
        }
    }

    /// <summary>The eight points of small order, and encodings that are not the canonical one.</summary>
    public static TheoryData<string> SmallOrderAndNonCanonical { get; } =
    [
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "0100000000000000000000000000000000000000000000000000000000000080",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    ];

    [Theory]
    [MemberData(nameof(SmallOrderAndNonCanonical))]
    public void PublicKey_SmallOrderOrNonCanonical_IsRefused(string bytes)
    {
        Assert.False(PublicKey.TryCreate(Convert.FromHexString(bytes), out _));
        Assert.Throws<ArgumentException>(() => new PublicKey(Convert.FromHexString(bytes)));
    }

    [Fact]
    public void PublicKey_WithSmallOrderPart_IsRefused()
    {
        // "Taming the many EdDSAs", test vectors 3 and 4: a point on the curve, canonical, of order 8 L.
        var mixed = Convert.FromHexString("cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d");

        Assert.True(Org.BouncyCastle.Math.EC.Rfc8032.Ed25519.ValidatePublicKeyPartial(mixed, 0));
        Assert.False(PublicKey.TryCreate(mixed, out _));
    }

    [Fact]
    public void PublicKey_WrongLength_IsRefused()
    {
        Assert.False(PublicKey.TryCreate(new byte[31], out _));
        Assert.False(PublicKey.TryCreate(new byte[33], out _));
        Assert.Throws<ArgumentException>(() => new PublicKey(new byte[33]));
        Assert.Throws<ArgumentException>(() => SigningKey.FromSeed(new byte[31]));
    }

    [Fact]
    public void PublicKey_Id_IsHashOfAlgorithmByteAndKey()
    {
        var key = TestKeys.Named("id").PublicKey;

        Assert.Equal(Content.Values.Sha256Digest.HashData([1, .. key.Bytes.Span]), key.Id);
    }

    [Fact]
    public void SignatureRoundTrip_RandomKeysAndMessages_Verifies() =>
        Gen.Select(Gen.Byte.Array[32], Gen.Byte.Array[0, 300])
            .Sample(
                (seed, message) =>
                {
                    var key = SigningKey.FromSeed(seed);
                    return key.PublicKey.Verify(message, key.Sign(message));
                },
                iter: 200
            );

    [Fact]
    public void PublicKey_RandomBytes_NeverThrowsFromTryCreate() =>
        Gen.Byte.Array[0, 64].Sample(bytes => PublicKey.TryCreate(bytes, out var key) == key is not null, iter: 500);

    [Fact]
    public async Task Sign_BesideOpenSsl_EachVerifiesTheOther()
    {
        // Goal: an implementation that shares no code agrees. Ed25519 is deterministic, so the signatures are equal bytes.
        // Method: the same seed as PKCS #8 to openssl; keys of openssl genpkey back into ours.
        using var directory = new TempDirectory();
        var random = new Random(8032);
        for (var round = 0; round < 8; round++)
        {
            var seed = new byte[32];
            random.NextBytes(seed);
            if (round % 2 == 1)
                seed = await OpenSslSeedAsync(directory);
            var message = new byte[random.Next(1, 2000)];
            random.NextBytes(message);
            var key = SigningKey.FromSeed(seed);
            var theirs = await OpenSslSignAsync(directory, seed, message);
            var ours = key.Sign(message);

            Assert.Equal(theirs, ours);
            Assert.True(key.PublicKey.Verify(message, theirs));
            Assert.True(await OpenSslVerifiesAsync(directory, key.PublicKey, message, ours));
            Assert.False(await OpenSslVerifiesAsync(directory, key.PublicKey, Bits.Flip(message, 5), ours));
        }
    }

    private static async Task<byte[]> OpenSslSeedAsync(TempDirectory directory)
    {
        var path = directory.At("generated.der");
        Assert.Equal(0, await RunAsync("genpkey", "-algorithm", "ed25519", "-outform", "DER", "-out", path));
        return (await File.ReadAllBytesAsync(path))[^32..];
    }

    private static async Task<byte[]> OpenSslSignAsync(TempDirectory directory, byte[] seed, byte[] message)
    {
        await File.WriteAllBytesAsync(
            directory.At("key.der"),
            [.. Convert.FromHexString("302e020100300506032b657004220420"), .. seed]
        );
        await File.WriteAllBytesAsync(directory.At("message"), message);
        Assert.Equal(
            0,
            await RunAsync(
                ["pkeyutl", "-sign", "-rawin", "-keyform", "DER", "-inkey", directory.At("key.der")],
                ["-in", directory.At("message"), "-out", directory.At("signature")]
            )
        );
        return await File.ReadAllBytesAsync(directory.At("signature"));
    }

    private static async Task<bool> OpenSslVerifiesAsync(
        TempDirectory directory,
        PublicKey key,
        byte[] message,
        byte[] signature
    )
    {
        await File.WriteAllBytesAsync(
            directory.At("public.der"),
            [.. Convert.FromHexString("302a300506032b6570032100"), .. key.Bytes.Span]
        );
        await File.WriteAllBytesAsync(directory.At("message"), message);
        await File.WriteAllBytesAsync(directory.At("signature"), signature);
        return await RunAsync(
                ["pkeyutl", "-verify", "-rawin", "-pubin", "-keyform", "DER", "-inkey", directory.At("public.der")],
                ["-in", directory.At("message"), "-sigfile", directory.At("signature")]
            ) == 0;
    }

    private static Task<int> RunAsync(params string[] arguments) => RunAsync(arguments, []);

    private static async Task<int> RunAsync(string[] arguments, string[] more)
    {
        var start = new ProcessStartInfo("openssl", [.. arguments, .. more])
        {
            UseShellExecute = false,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        using var process = Process.Start(start)!;
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30), TimeProvider.System);
        await Task.WhenAll(
            process.StandardError.ReadToEndAsync(limit.Token),
            process.StandardOutput.ReadToEndAsync(limit.Token),
            process.WaitForExitAsync(limit.Token)
        );
        return process.ExitCode;
    }
}
