using Microsoft.Extensions.Time.Testing;
using StatelessSwarm.Trust.Client;

namespace StatelessSwarm.Trust.Tests.Client;

public sealed class TrustedMetadataTests : IDisposable
{
    private readonly TempDirectory _directory = new();
    private readonly TestSite _site = new();

    public void Dispose() => _directory.Dispose();

    private string State => _directory.At("trust");

    private TrustedMetadata Open() => TrustedMetadata.Open(State, _site.Shipped, _site.Time);

    private static TrustFault Refusal(Action act) => Assert.Throws<TrustException>(act).Fault;

    [Fact]
    public void Open_EmptyDirectory_StartsFromShippedRoot()
    {
        var metadata = Open();

        Assert.Equal(1, metadata.RootVersion);
        Assert.Null(metadata.HeldChannel("web", "stable"));
        Assert.True(Directory.Exists(State));
    }

    [Fact]
    public void Open_ShippedRootDamaged_IsRefused()
    {
        var shipped = _site.Shipped;
        for (var bit = 0; bit < shipped.Length * 8; bit += 5)
            Assert.Throws<TrustException>(() => TrustedMetadata.Open(State, Bits.Flip(shipped, bit), _site.Time));
    }

    [Fact]
    public void AcceptChannel_Valid_IsHeldAndRemembered()
    {
        var pointer = TestSite.Pointer(serial: 3, build: 2);

        Assert.Equal(pointer, Open().AcceptChannel(_site.PointerBytes(pointer), "web", "stable"));
        Assert.Equal(pointer, Open().HeldChannel("web", "stable"));
        Assert.Null(Open().HeldChannel("web", "beta"));
    }

    [Fact]
    public void AcceptChannel_SignedByAStranger_IsRefusedAndNothingChanges()
    {
        var metadata = Open();
        metadata.AcceptChannel(_site.PointerBytes(TestSite.Pointer()), "web", "stable");

        foreach (var key in new[] { TestKeys.Named("stranger"), _site.ReleaseKey, _site.RootKey })
        {
            var bytes = _site.PointerBytes(TestSite.Pointer(serial: 2), key);
            Assert.Equal(TrustFault.NotEnoughSignatures, Refusal(() => metadata.AcceptChannel(bytes, "web", "stable")));
        }
        Assert.Equal(1, metadata.HeldChannel("web", "stable")!.Serial);
        Assert.Equal(1, Open().HeldChannel("web", "stable")!.Serial);
    }

    [Fact]
    public void AcceptChannel_OfAnotherName_IsAMismatch()
    {
        var bytes = _site.PointerBytes(TestSite.Pointer());

        Assert.Equal(TrustFault.Mismatch, Refusal(() => Open().AcceptChannel(bytes, "web", "beta")));
        Assert.Equal(TrustFault.Mismatch, Refusal(() => Open().AcceptChannel(bytes, "mail", "stable")));
    }

    [Theory]
    [InlineData("../web")]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("Web")]
    [InlineData("wеb")]
    [InlineData("web/x")]
    [InlineData("web\0")]
    [InlineData("-web")]
    [InlineData("a23456789a123456789a123456789a123456789a123456789a123456789a12345")]
    public void AcceptChannel_HostileName_IsRefusedBeforeAnyPath(string name)
    {
        var metadata = Open();
        var bytes = _site.PointerBytes(TestSite.Pointer());

        Assert.Equal(TrustFault.Malformed, Refusal(() => metadata.AcceptChannel(bytes, name, "stable")));
        Assert.Equal(TrustFault.Malformed, Refusal(() => metadata.AcceptChannel(bytes, "web", name)));
        Assert.Equal(TrustFault.Malformed, Refusal(() => metadata.HeldChannel(name, "stable")));
        Assert.Empty(Directory.EnumerateFileSystemEntries(State));
    }

    [Fact]
    public void AcceptChannel_LowerSerial_IsARollbackAlsoAfterReopening()
    {
        Open().AcceptChannel(_site.PointerBytes(TestSite.Pointer(serial: 7)), "web", "stable");
        var lower = _site.PointerBytes(TestSite.Pointer(serial: 6));

        Assert.Equal(TrustFault.Rollback, Refusal(() => Open().AcceptChannel(lower, "web", "stable")));
        Assert.Equal(7, Open().HeldChannel("web", "stable")!.Serial);
    }

    [Fact]
    public void AcceptChannel_SameSerial_IsQuietForTheSameBytesOnly()
    {
        var metadata = Open();
        var pointer = TestSite.Pointer(serial: 7);
        metadata.AcceptChannel(_site.PointerBytes(pointer), "web", "stable");

        Assert.Equal(pointer, metadata.AcceptChannel(_site.PointerBytes(pointer), "web", "stable"));
        var other = _site.PointerBytes(pointer with { ExpiresUnixSeconds = pointer.ExpiresUnixSeconds + 1 });
        Assert.Equal(TrustFault.Rollback, Refusal(() => metadata.AcceptChannel(other, "web", "stable")));
    }

    [Fact]
    public void AcceptChannel_LowerBuildAtHigherSerial_IsARollback()
    {
        var metadata = Open();
        metadata.AcceptChannel(_site.PointerBytes(TestSite.Pointer(serial: 1, build: 5)), "web", "stable");
        var lower = _site.PointerBytes(TestSite.Pointer(serial: 2, build: 4));

        Assert.Equal(TrustFault.Rollback, Refusal(() => metadata.AcceptChannel(lower, "web", "stable")));
        Assert.Equal(5, metadata.HeldChannel("web", "stable")!.Build);
    }

    [Theory]
    [InlineData(999, true)]
    [InlineData(1000, false)]
    [InlineData(100_000_000, false)]
    public void AcceptChannel_AtItsExpiry_IsRefused(long secondsLater, bool isAccepted)
    {
        var metadata = Open();
        var bytes = _site.PointerBytes(TestSite.Pointer(expires: TestSite.Now + 1000));
        _site.Time.Advance(TimeSpan.FromSeconds(secondsLater));

        if (isAccepted)
            Assert.NotNull(metadata.AcceptChannel(bytes, "web", "stable"));
        else
            Assert.Equal(TrustFault.Expired, Refusal(() => metadata.AcceptChannel(bytes, "web", "stable")));
    }

    [Fact]
    public void HeldChannel_Expired_IsStillHeldAndSaidToBeExpired()
    {
        var metadata = Open();
        metadata.AcceptChannel(_site.PointerBytes(TestSite.Pointer()), "web", "stable");
        Assert.False(metadata.IsExpired(metadata.HeldChannel("web", "stable")!));

        _site.Time.Advance(TimeSpan.FromDays(1));
        var held = Open().HeldChannel("web", "stable")!;
        Assert.True(Open().IsExpired(held));
        Assert.Equal(held.Build, Open().AcceptManifest(_site.ManifestBytes(TestSite.Manifest()), held).Build);
    }

    [Fact]
    public void AcceptChannel_RootExpired_IsRefused()
    {
        var metadata = TrustedMetadata.Open(State, _site.RootBytes(_site.Root(expires: TestSite.Now)), _site.Time);
        var bytes = _site.PointerBytes(TestSite.Pointer());

        Assert.Equal(TrustFault.Expired, Refusal(() => metadata.AcceptChannel(bytes, "web", "stable")));
    }

    [Fact]
    public void AcceptChannel_ClockAtTheBeginningOfTime_UsesTheLatestIssueTimeBelieved()
    {
        Open().AcceptChannel(_site.PointerBytes(TestSite.Pointer(serial: 1, issued: TestSite.Now)), "web", "stable");
        var dead = new FakeTimeProvider(DateTimeOffset.UnixEpoch);
        var reborn = TrustedMetadata.Open(State, _site.Shipped, dead);
        var stale = _site.PointerBytes(TestSite.Pointer(serial: 2, issued: TestSite.Now - 900, expires: TestSite.Now));

        Assert.Equal(TestSite.Now, reborn.NowUnixSeconds);
        Assert.Equal(TrustFault.Expired, Refusal(() => reborn.AcceptChannel(stale, "web", "stable")));
        Assert.NotNull(reborn.AcceptChannel(_site.PointerBytes(TestSite.Pointer(serial: 3)), "web", "stable"));
    }

    [Fact]
    public void AcceptChannel_ExpiryBeforeIssue_IsMalformed()
    {
        var pointer = TestSite.Pointer(issued: TestSite.Now + 2000, expires: TestSite.Now + 1000);

        Assert.ThrowsAny<Exception>(
            () => Open().AcceptChannel(_site.PointerBytes(pointer), "web", "stable")
        );
        Assert.Null(Open().HeldChannel("web", "stable"));
    }

    [Fact]
    public void AcceptManifest_OfThePointer_IsReturned()
    {
        var metadata = Open();
        var pointer = metadata.AcceptChannel(_site.PointerBytes(TestSite.Pointer()), "web", "stable");
        var manifest = TestSite.Manifest();

        Assert.Equal(manifest.Encode(), metadata.AcceptManifest(_site.ManifestBytes(manifest), pointer).Encode());
        Assert.Equal(manifest.Encode(), metadata.AcceptManifest(_site.ManifestBytes(manifest), pointer.Release).Encode());
    }

    [Fact]
    public void AcceptManifest_NotTheOneNamed_IsRefused()
    {
        var metadata = Open();
        var pointer = TestSite.Pointer();
        var manifest = TestSite.Manifest();
        var other = _site.ManifestBytes(TestSite.Manifest(2));
        var stranger = _site.ManifestBytes(manifest, TestKeys.Named("stranger"));
        var good = _site.ManifestBytes(manifest);

        Assert.Equal(TrustFault.Mismatch, Refusal(() => metadata.AcceptManifest(other, pointer)));
        Assert.Equal(TrustFault.NotEnoughSignatures, Refusal(() => metadata.AcceptManifest(stranger, pointer)));
        Assert.Equal(TrustFault.NotEnoughSignatures, Refusal(() => metadata.AcceptManifest(stranger, pointer.Release)));
        Assert.Equal(TrustFault.Mismatch, Refusal(() => metadata.AcceptManifest(good, pointer with { Version = "9" })));
        Assert.Equal(TrustFault.Mismatch, Refusal(() => metadata.AcceptManifest(good, pointer with { Build = 9 })));
        Assert.Equal(TrustFault.Mismatch, Refusal(() => metadata.AcceptManifest(good, pointer with { Product = "mail" })));
    }

    [Fact]
    public void AcceptManifest_AnyBitFlipped_IsRefused()
    {
        var metadata = Open();
        var pointer = TestSite.Pointer();
        var good = _site.ManifestBytes(TestSite.Manifest());
        for (var bit = 0; bit < good.Length * 8; bit++)
            Assert.Throws<TrustException>(() => metadata.AcceptManifest(Bits.Flip(good, bit), pointer));
    }

    [Fact]
    public void AcceptChannel_AnyBitFlipped_IsRefused()
    {
        var metadata = Open();
        var good = _site.PointerBytes(TestSite.Pointer());
        for (var bit = 0; bit < good.Length * 8; bit++)
            Assert.Throws<TrustException>(() => metadata.AcceptChannel(Bits.Flip(good, bit), "web", "stable"));
        Assert.Null(metadata.HeldChannel("web", "stable"));
    }

    [Fact]
    public void AcceptRoot_Chain_IsFollowedOneByOneAndRemembered()
    {
        var metadata = Open();
        var third = _site.RootBytes(_site.Root(version: 3));
        Assert.Equal(TrustFault.BrokenRootChain, Refusal(() => metadata.AcceptRoot(third)));
        metadata.AcceptRoot(_site.RootBytes(_site.Root(version: 2)));
        metadata.AcceptRoot(third);

        Assert.Equal(3, metadata.RootVersion);
        Assert.Equal(3, Open().RootVersion);
        metadata.AcceptRoot(third);
        Assert.Equal(TrustFault.Rollback, Refusal(() => metadata.AcceptRoot(_site.Shipped)));
        Assert.Equal(
            TrustFault.BrokenRootChain,
            Refusal(() => metadata.AcceptRoot(_site.RootBytes(_site.Root(version: 3, expires: TestSite.Now + 5))))
        );
    }

    /// <summary>A machine that slept through a thousand changes of keys follows every one; none may be left out, also after a restart half-way.</summary>
    [Fact]
    public void AcceptRoot_ThousandRotations_AreFollowed()
    {
        var metadata = Open();
        for (var version = 2L; version <= 1001; version++)
        {
            if (version == 500)
                metadata = Open();
            if (version % 100 == 0)
                Assert.Equal(TrustFault.BrokenRootChain, Refusal(() => metadata.AcceptRoot(_site.RootBytes(_site.Root(version: version + 1)))));
            metadata.AcceptRoot(_site.RootBytes(_site.Root(version: version)));
        }
        Assert.Equal(1001, Open().RootVersion);
    }

    [Fact]
    public void Open_ShippedRootNewerThanStored_UsesTheShipped()
    {
        Open().AcceptRoot(_site.RootBytes(_site.Root(version: 2)));

        Assert.Equal(9, TrustedMetadata.Open(State, _site.RootBytes(_site.Root(version: 9)), _site.Time).RootVersion);
    }

    [Fact]
    public void Open_StateOfAnotherRepository_SaysSo()
    {
        Open().AcceptRoot(_site.RootBytes(_site.Root(version: 2)));
        var other = _site.RootBytes(_site.Root(version: 2, expires: TestSite.Now + 77));

        Assert.Equal(TrustFault.Mismatch, Refusal(() => TrustedMetadata.Open(State, other, _site.Time)));
    }

    [Fact]
    public void AcceptRoot_ChannelKeyReplaced_UndoesWhatTheOldKeyCounted()
    {
        // Goal: a thief of the channel key cannot brick a channel by counting to the end (research M14).
        // Method: serial, build and issue time far ahead, then root version 2 with another channel key.
        var metadata = Open();
        metadata.AcceptManifest(
            _site.ManifestBytes(TestSite.Manifest(3)),
            metadata.AcceptChannel(_site.PointerBytes(TestSite.Pointer(serial: 1, build: 3)), "web", "stable")
        );
        const long future = TestSite.Now + 900_000_000;
        var stolen = TestSite.Pointer(serial: long.MaxValue - 1, build: 1000, issued: future, expires: future + 1000);
        metadata.AcceptChannel(_site.PointerBytes(stolen), "web", "stable");
        var fresh = TestKeys.Named("site channel 2");
        var honest = TestSite.Pointer(serial: 2, build: 4);
        Assert.Equal(TrustFault.Expired, Refusal(() => metadata.AcceptChannel(_site.PointerBytes(honest), "web", "stable")));

        metadata.AcceptRoot(_site.RootBytes(_site.Root(version: 2, channelKey: fresh)));

        foreach (var reader in new[] { metadata, Open() })
        {
            Assert.Null(reader.HeldChannel("web", "stable"));
            Assert.Equal(
                TrustFault.NotEnoughSignatures,
                Refusal(() => reader.AcceptChannel(_site.PointerBytes(honest), "web", "stable"))
            );
            var below = _site.PointerBytes(TestSite.Pointer(serial: 9, build: 2), fresh);
            Assert.Equal(TrustFault.Rollback, Refusal(() => reader.AcceptChannel(below, "web", "stable")));
        }
        Assert.Equal(honest, metadata.AcceptChannel(_site.PointerBytes(honest, fresh), "web", "stable"));
        Assert.Equal(honest, Open().HeldChannel("web", "stable"));
    }

    [Fact]
    public void Open_StateDamaged_IsAClearErrorAndNeverStartsFromZero()
    {
        var metadata = Open();
        metadata.AcceptRoot(_site.RootBytes(_site.Root(version: 2)));
        metadata.AcceptChannel(_site.PointerBytes(TestSite.Pointer(serial: 7)), "web", "stable");
        var lower = _site.PointerBytes(TestSite.Pointer(serial: 6));
        var files = Directory.GetFiles(State, "*", SearchOption.AllDirectories);
        Assert.Equal(3, files.Length);
        foreach (var path in files)
        {
            var good = File.ReadAllBytes(path);
            var versions = Enumerable
                .Range(0, good.Length * 8)
                .Where(bit => bit % 11 == 0)
                .Select(bit => Bits.Flip(good, bit))
                .Append([])
                .Append(good[..^1])
                .Append([.. good, 0]);
            foreach (var bad in versions)
            {
                File.WriteAllBytes(path, bad);
                var refusal = Assert.Throws<TrustException>(() => Open().AcceptChannel(lower, "web", "stable"));
                Assert.Equal(TrustFault.Malformed, refusal.Fault);
                Assert.StartsWith(path, refusal.Message, StringComparison.Ordinal);
            }
            File.WriteAllBytes(path, good);
        }
        Assert.Equal(7, Open().HeldChannel("web", "stable")!.Serial);
    }

    [Fact]
    public void AcceptChannel_First_IsDurableWhenItReturns()
    {
        var files = new FaultyFiles(int.MaxValue);
        TrustedMetadata
            .Open(State, _site.Shipped, _site.Time, files)
            .AcceptChannel(_site.PointerBytes(TestSite.Pointer()), "web", "stable");
        files.LoseUnsynced();

        Assert.Equal(TestSite.Pointer(), Open().HeldChannel("web", "stable"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AcceptChannel_CutAtAnyFileOperation_LeavesOldOrNewState(bool losesUnsynced)
    {
        var old = TestSite.Pointer(serial: 1, issued: TestSite.Now - 500);
        var next = TestSite.Pointer(serial: 2, build: 2, issued: TestSite.Now - 5);
        var cuts = 0;
        for (var cutAt = 0; ; cutAt++, cuts++)
        {
            using var directory = new TempDirectory();
            var state = directory.At("trust");
            TrustedMetadata.Open(state, _site.Shipped, _site.Time).AcceptChannel(_site.PointerBytes(old), "web", "stable");
            var files = new FaultyFiles(cutAt);
            try
            {
                var metadata = TrustedMetadata.Open(state, _site.Shipped, _site.Time, files);
                metadata.AcceptRoot(_site.RootBytes(_site.Root(version: 2)));
                metadata.AcceptChannel(_site.PointerBytes(next), "web", "stable");
            }
            catch (IOException)
            {
                Assert.True(files.WasCut);
            }
            if (losesUnsynced)
                files.LoseUnsynced();

            var reopened = TrustedMetadata.Open(state, _site.Shipped, _site.Time);
            Assert.InRange(reopened.RootVersion, 1, 2);
            Assert.Contains(reopened.HeldChannel("web", "stable")!.Serial, new long[] { 1, 2 });
            if (reopened.RootVersion == 1)
                reopened.AcceptRoot(_site.RootBytes(_site.Root(version: 2)));
            Assert.Equal(next, reopened.AcceptChannel(_site.PointerBytes(next), "web", "stable"));
            if (!files.WasCut)
                break;
        }
        Assert.InRange(cuts, 10, 100);
    }
}
