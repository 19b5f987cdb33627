namespace StatelessSwarm.Interop.Tests.Clients;

/// <summary>What a faultless transfer leaves in the logs: nothing.</summary>
internal static class Complaints
{
    /// <summary>Neither we nor any of them found a fault with a peer.</summary>
    public static void AssertNone(OurPeer ours, params IReadOnlyList<PeerProgram> theirs)
    {
        Assert.Empty(ours.Complaints);
        foreach (var program in theirs)
            AssertNone(program);
    }

    /// <summary>It found no fault with a peer.</summary>
    public static void AssertNone(PeerProgram program) =>
        Assert.True(program.Complaints.Count == 0, $"{program.GetType().Name}:\n{string.Join('\n', program.Complaints)}");
}
