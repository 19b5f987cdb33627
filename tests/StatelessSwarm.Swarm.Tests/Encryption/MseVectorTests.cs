using System.Numerics;
using System.Text;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Swarm.Encryption;

namespace StatelessSwarm.Swarm.Tests.Encryption;

/// <summary>RC4 against RFC 6229; the exchange and what is derived from it against another implementation (Python's integers and SHA-1).</summary>
public sealed class MseVectorTests
{
    private const string Secret =
        "994aac6c359990cf4f678a1742b587eb1a5248ec7fcc0d0bcfcb12d2461bc1fe25417b70869697d9ca884832f1c5f2a2"
        + "fd3318c22a5a6ba170d36aac91405457c1e8137b1534a776865ed353f12422ff6afc58435f8bd443f61dd051a37bcdeb";

    private const string PrimeText =
        "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD"
        + "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A63A36210000000000090563";

    private static readonly InfoHash Torrent = new("twenty bytes of hash"u8);

    [Theory]
    [InlineData("0102030405", 0, "b2396305f03dc027ccc3524a0a1118a8")]
    [InlineData("0102030405", 16, "6982944f18fc82d589c403a47a0d0919")]
    [InlineData("0102030405", 1024, "30abbcc7c20b01609f23ee2d5f6bb7df")]
    [InlineData("0102030405060708090a0b0c0d0e0f10", 0, "9ac7cc9a609d1ef7b2932899cde41b97")]
    public void Rc4_OfRfc6229_GivesItsKeyStream(string key, int offset, string stream)
    {
        var cipher = new Rc4(Convert.FromHexString(key));
        cipher.Skip(offset);
        var bytes = new byte[16];
        cipher.Apply(bytes.AsSpan(0, 5));
        cipher.Apply(bytes.AsSpan(5));
        Assert.Equal(stream, Convert.ToHexStringLower(bytes));
    }

    [Fact]
    public void KeyExchange_OfBothSides_AgreesOnTheKnownSecret()
    {
        var a = new KeyExchange([.. Enumerable.Range(1, 20).Select(i => (byte)i)]);
        var b = new KeyExchange([.. Enumerable.Range(21, 20).Select(i => (byte)i)]);
        Assert.Equal(
            "96e112dab29e8c5272accb9b17b26887ce54a144a4e3b697c7d159b7a817e556b0918db2b4c658e02a87f7e5fb14b18a"
                + "553e084cbf3dad2d30f16596ccb982d406258c61b30c5c1dae2ddc60bdbd48d79896312aad63238c39e1a633821eb693",
            Convert.ToHexStringLower(a.PublicKey)
        );
        Assert.Equal(Secret, Convert.ToHexStringLower(a.Agree(b.PublicKey)!));
        Assert.Equal(Secret, Convert.ToHexStringLower(b.Agree(a.PublicKey)!));
    }

    [Fact]
    public void Keys_OfTheSecret_AreTheKnownOnes()
    {
        var secret = Convert.FromHexString(Secret);
        Assert.Equal("83c8d8a3d91a5bf40d723666c4258731c8427ccb", Convert.ToHexStringLower(MseKeys.Start(secret)));
        Assert.Equal("21ac9d3e25a2ebb824508b291df140e4ed0aa979", Convert.ToHexStringLower(MseKeys.TorrentMark(secret, Torrent)));
        Assert.Equal("75b23f6448a1ab08b2f88f9fbc5ac85e", Stream(MseKeys.ByInitiator(secret, Torrent)));
        Assert.Equal("3fbd9cbfe656ab84b8d31fa484cbe358", Stream(MseKeys.ByResponder(secret, Torrent)));

        static string Stream(Rc4 cipher)
        {
            var bytes = new byte[16];
            cipher.Apply(bytes);
            return Convert.ToHexStringLower(bytes);
        }
    }

    /// <summary>Bases and exponents at the ends and by chance, against the library's arithmetic.</summary>
    [Fact]
    public void ModularPower_OfAnyNumbers_IsThatOfTheLibrary()
    {
        var prime = Number(Convert.FromHexString(PrimeText));
        var power = new ModularPower(prime);
        var random = new Random(3);
        for (var round = 0; round < 200; round++)
        {
            var number = new byte[96];
            var exponent = new byte[round % 3 == 0 ? 1 : 20];
            random.NextBytes(number);
            random.NextBytes(exponent);
            // Below the prime, and sometimes close to it or small.
            number[0] = (byte)(round % 4 == 0 ? 0xff : number[0] & 0x7f);
            if (round % 4 == 0)
                ((prime - 1 - round).ToByteArray(isUnsigned: true, isBigEndian: true)).CopyTo(number, 0);
            if (round % 5 == 0)
                number.AsSpan(0, 95).Clear();
            if (round % 7 == 0)
                Array.Fill(exponent, (byte)(round % 2 == 0 ? 0 : 0xff));
            var expected = BigInteger.ModPow(Number(number), Number(exponent), prime);
            Assert.Equal(expected, Number(power.Raise(number, exponent)));
        }

        static BigInteger Number(byte[] bytes) => new(bytes, isUnsigned: true, isBigEndian: true);
    }

    /// <summary>0, 1, -1 and what is beyond the prime lead to secrets that everybody knows, or come from nobody who means it.</summary>
    [Fact]
    public void KeyExchange_WithAKeyThatGivesTheSecretAway_Refuses()
    {
        var keys = new KeyExchange(Encoding.ASCII.GetBytes("twenty bytes private"));
        var prime = Convert.FromHexString(PrimeText);
        var bad = new List<byte[]> { new byte[96], prime, Enumerable.Repeat((byte)0xff, 96).ToArray() };
        byte[] one = [.. new byte[95], 1];
        byte[] minusOne = [.. prime[..^1], (byte)(prime[^1] - 1)];
        Assert.All((byte[][])[.. bad, one, minusOne], key => Assert.Null(keys.Agree(key)));
        Assert.NotNull(keys.Agree([.. new byte[95], 2]));
    }
}
