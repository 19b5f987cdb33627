using System.Text;
using CsCheck;
using StatelessSwarm.Content;
using StatelessSwarm.Trust.Keys;

namespace StatelessSwarm.Trust.Tests.Keys;

public sealed class KeyFileTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void SigningKey_SavedAndLoaded_SignsTheSame()
    {
        var key = SigningKey.Generate();
        key.Save(_directory.At("web.key"));
        key.PublicKey.Save(_directory.At("web.key.pub"));

        var loaded = SigningKey.Load(_directory.At("web.key"));
        Assert.Equal(key.Sign("x"u8), loaded.Sign("x"u8));
        Assert.Equal(key.PublicKey, PublicKey.Load(_directory.At("web.key.pub")));
        Assert.Equal(key.PublicKey.Id, PublicKey.Load(_directory.At("web.key")).Id);
    }

    [Fact]
    public void SigningKey_Saved_IsForTheOwnerOnlyAndNotOverwritten()
    {
        var path = _directory.At("web.key");
        var key = TestKeys.Named("owner");
        key.Save(path);

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        var before = File.ReadAllBytes(path);
        var fault = Assert.Throws<IOException>(() => TestKeys.Named("other").Save(path));
        Assert.Contains(path, fault.Message, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllBytes(path));
    }

    [Fact]
    public void SigningKey_OpenToAll_IsRefused()
    {
        var path = _directory.At("web.key");
        TestKeys.Named("open").Save(path);
        File.SetUnixFileMode(path, File.GetUnixFileMode(path) | UnixFileMode.OtherRead);

        Assert.Contains("chmod", Assert.Throws<IOException>(() => SigningKey.Load(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void SigningKey_Missing_NamesThePath()
    {
        var path = _directory.At("none.key");

        Assert.Contains(path, Assert.ThrowsAny<IOException>(() => SigningKey.Load(path)).Message, StringComparison.Ordinal);
        Assert.Contains(path, Assert.ThrowsAny<IOException>(() => PublicKey.Load(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void SigningKey_AsText_NeverShowsItsSeed()
    {
        var key = TestKeys.Named("secret");

        Assert.DoesNotContain(Convert.ToHexStringLower(key.Seed), key.ToString(), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void KeyFile_OfFixedSeed_HasItsFrozenText()
    {
        var path = _directory.At("frozen.key");
        SigningKey.FromSeed(new byte[32]).Save(path);

        var lines = File.ReadAllText(path).Split('\n');
        Assert.Equal(5, lines.Length);
        Assert.Equal("stateless-signing-key-v1", lines[0]);
        Assert.Equal("seed " + new string('0', 64), lines[2]);
        Assert.Equal("", lines[4]);
    }

    [Fact]
    public void KeyFile_AnyBitFlipped_IsRefusedWithoutShowingTheSeed()
    {
        var key = TestKeys.Named("rot");
        var signing = KeyFile.Encode(key);
        for (var bit = 0; bit < signing.Length * 8; bit++)
        {
            var flipped = Bits.Flip(signing, bit);
            var fault = Assert.Throws<ContentException>(() => KeyFile.DecodeSigningKey("web.key", flipped));
            Assert.DoesNotContain(Convert.ToHexStringLower(key.Seed)[8..40], fault.Message, StringComparison.Ordinal);
        }
        var open = KeyFile.Encode(key.PublicKey);
        for (var bit = 0; bit < open.Length * 8; bit++)
        {
            var flipped = Bits.Flip(open, bit);
            Assert.Throws<ContentException>(() => KeyFile.DecodePublicKey("web.key.pub", flipped));
        }
    }

    [Fact]
    public void KeyFile_TruncatedOrLonger_IsRefused()
    {
        var text = KeyFile.Encode(TestKeys.Named("cut"));
        for (var length = 0; length < text.Length; length++)
            Assert.Throws<ContentException>(() => KeyFile.DecodeSigningKey("web.key", text.AsSpan(0, length)));
        Assert.Throws<ContentException>(() => KeyFile.DecodeSigningKey("web.key", [.. text, (byte)'\n']));
        File.WriteAllBytes(_directory.At("long"), new byte[5000]);
        Assert.Throws<ContentException>(() => PublicKey.Load(_directory.At("long")));
    }

    [Fact]
    public void KeyFile_PublicKeyGivenForSigning_IsRefused()
    {
        var path = _directory.At("web.key.pub");
        TestKeys.Named("public").PublicKey.Save(path);
        File.SetUnixFileMode(path, KeyFile.SigningMode);

        Assert.Throws<ContentException>(() => SigningKey.Load(path));
    }

    [Fact]
    public void KeyFile_RandomText_OnlyEverThrowsContentException() =>
        Gen.Select(Gen.Int[0, 300], Gen.String, Gen.Bool)
            .Sample(
                (at, noise, signing) =>
                {
                    var key = TestKeys.Named("mutated");
                    var text = signing ? KeyFile.Encode(key) : KeyFile.Encode(key.PublicKey);
                    byte[] mutated = [.. text.AsSpan(0, Math.Min(at, text.Length)), .. Encoding.UTF8.GetBytes(noise)];
                    try
                    {
                        _ = signing
                            ? KeyFile.DecodeSigningKey("k", mutated).PublicKey
                            : KeyFile.DecodePublicKey("k", mutated);
                        return mutated.AsSpan().SequenceEqual(text);
                    }
                    catch (ContentException)
                    {
                        return true;
                    }
                },
                iter: 500
            );
}
