using System.Security.Cryptography;

namespace StatelessSwarm.Node.Fetching;

/// <summary>Sources of draws that spread machines in time and over neighbours; nothing secret hangs on them.</summary>
internal static class Chance
{
    /// <summary>A source of its own, begun anywhere: a fleet that starts together does not draw alike. For one thread.</summary>
    public static Random New() => new(BitConverter.ToInt32(RandomNumberGenerator.GetBytes(sizeof(int))));
}
