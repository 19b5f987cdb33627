using CsCheck;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Roots.Slots;

namespace StatelessSwarm.Roots.Tests.Slots;

public sealed class SlotChangeTests
{
    private static readonly Sha256Digest[] Releases = [.. Enumerable.Range(1, 4).Select(i => Sha256Digest.HashData([(byte)i]))];

    [Fact]
    public void Activate_CurrentNextPrevious_MovesAlong() =>
        Assert.Equal(
            new SlotState(Releases[1], null, Releases[0]),
            SlotChange.Activate(new SlotState(Releases[0], Releases[1], Releases[2]))
        );

    [Fact]
    public void Activate_FirstRelease_HasNoPrevious() =>
        Assert.Equal(new SlotState(Releases[0], null, null), SlotChange.Activate(new SlotState(null, Releases[0], null)));

    [Fact]
    public void RollBack_KeepsNext_AndExchangesTheOthers() =>
        Assert.Equal(
            new SlotState(Releases[2], Releases[1], Releases[0]),
            SlotChange.RollBack(new SlotState(Releases[0], Releases[1], Releases[2]))
        );

    /// <summary>
    /// Goal: from empty slots, no sequence of changes loses current or lets a slot repeat it. Method: random sequences of
    /// offers (0-3), activation (4) and roll-back (5).
    /// </summary>
    [Fact]
    public void Changes_AnySequence_KeepTheInvariants() =>
        Gen.Int[0, 5]
            .Array[0, 40]
            .Sample(changes =>
            {
                var slots = new SlotState(null, null, null);
                foreach (var change in changes)
                {
                    var after = change switch
                    {
                        4 => SlotChange.Activate(slots),
                        5 => SlotChange.RollBack(slots),
                        _ => SlotChange.Offer(slots, Releases[change]),
                    };
                    if (after is null)
                    {
                        Assert.True(change == 4 ? slots.Next is null : slots.Previous is null);
                        continue;
                    }
                    Assert.True(slots.Current is null || after.Current is not null);
                    Assert.True(after.Current is null || after.Current != after.Next && after.Current != after.Previous);
                    Assert.Equal(after, SlotRecord.TryRead(SlotRecord.Write(after)));
                    slots = after;
                }
            });

    [Theory]
    [InlineData("")]
    [InlineData("1:-:-")]
    [InlineData("2:-:-:-")]
    [InlineData("1:-:-:-:-")]
    [InlineData("1:-:-:abcd")]
    public void TryRead_NotARecord_IsNull(string text) => Assert.Null(SlotRecord.TryRead(text));

    [Theory]
    [InlineData("../releases/")]
    [InlineData("../releases/../x")]
    [InlineData("/releases/4bf5122f344554c53bde2ebb8cd2b7e3d1600ad631c385a5d7cce23c7785459a")]
    [InlineData("../releases/4BF5122F344554C53BDE2EBB8CD2B7E3D1600AD631C385A5D7CCE23C7785459A")]
    [InlineData("../releases/4bf5122f344554c53bde2ebb8cd2b7e3d1600ad631c385a5d7cce23c7785459a/")]
    public void TryReadLink_NotOurs_IsRefused(string text) => Assert.False(SlotRecord.TryReadLink(text, out _));
}
