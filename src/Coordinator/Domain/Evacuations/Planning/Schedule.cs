namespace Coordinator.Domain.Evacuations.Planning;

/// <summary>What a forecast found, by guest. Times in seconds from the start.</summary>
internal sealed class Schedule(int guests)
{
    public double[] Start { get; } = new double[guests];

    public double[] End { get; } = new double[guests];

    public Transfer[] Transfers { get; } = new Transfer[guests];

    /// <summary>What it waited for when its wave began.</summary>
    public Hold[] Held { get; } = new Hold[guests];

    /// <summary>Whose end let it start; -1 = it waited for none.</summary>
    public int[] After { get; } = new int[guests];

    /// <summary>In the order of their start.</summary>
    public List<Mover> Order { get; } = [];

    public double Makespan { get; set; }

    /// <summary>Of each wave.</summary>
    public List<(double Start, double End)> Waves { get; } = [];

    /// <summary>They wait for each other's room, for ever.</summary>
    public List<Mover> Stuck { get; } = [];
}
