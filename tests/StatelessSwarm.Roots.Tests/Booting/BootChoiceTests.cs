using StatelessSwarm.Content.Values;
using StatelessSwarm.Roots.Booting;
using StatelessSwarm.Roots.Slots;

namespace StatelessSwarm.Roots.Tests.Booting;

/// <summary>A machine of four releases: which it tries first, by slots and ledger.</summary>
public sealed class BootChoiceTests
{
    private static readonly Sha256Digest Current = Sha256Digest.HashData([1]);
    private static readonly Sha256Digest Next = Sha256Digest.HashData([2]);
    private static readonly Sha256Digest Previous = Sha256Digest.HashData([3]);
    private static readonly Sha256Digest Other = Sha256Digest.HashData([4]);
    private static readonly Dictionary<Sha256Digest, long> All = new() { [Current] = 2, [Next] = 3, [Previous] = 1, [Other] = 9 };

    private static string Order(string bad = "", string good = "", string missing = "", Sha256Digest? pinned = null)
    {
        var slots = new SlotState(Current, Next, Previous);
        var complete = All.Where(pair => !missing.Contains(NameOf(pair.Key))).ToDictionary();
        var order = BootChoice.Order(
            slots,
            complete,
            release => bad.Contains(NameOf(release)) ? new BootTries(0, 3, false) : good.Contains(NameOf(release)) ? BootTries.Good : null,
            pinned
        );
        Assert.All(order, candidate => Assert.Equal(bad.Contains(NameOf(candidate.Release)), candidate.IsBad));
        return string.Concat(order.Select(candidate => NameOf(candidate.Release)));
    }

    private static char NameOf(Sha256Digest release) => release == Current ? 'c' : release == Next ? 'n' : release == Previous ? 'p' : 'o';

    [Theory]
    [InlineData("", "", "", "ncpo")]
    [InlineData("n", "", "", "cpon")]
    [InlineData("nc", "p", "", "pocn")] // bad ones last, the one in use longest ago before the newest
    [InlineData("ncpo", "", "", "opcn")]
    [InlineData("", "", "n", "cpo")]
    [InlineData("c", "", "np", "oc")]
    [InlineData("", "", "ncpo", "")]
    public void Order_SlotsAndLedger_FollowTheTable(string bad, string good, string missing, string expected) =>
        Assert.Equal(expected, Order(bad, good, missing));

    [Fact]
    public void Order_PinnedRelease_OffersNoOther()
    {
        Assert.Equal("p", Order(pinned: Previous));
        Assert.Equal("p", Order(bad: "p", pinned: Previous));
        Assert.Equal("", Order(missing: "p", pinned: Previous));
    }

    [Fact]
    public void Order_TwoInNoSlot_PrefersTheBlessedThenTheNewer()
    {
        var slots = new SlotState(null, null, null);
        var order = BootChoice.Order(slots, All, release => release == Current ? BootTries.Good : null);
        Assert.Equal("conp", string.Concat(order.Select(candidate => NameOf(candidate.Release))));
    }
}
